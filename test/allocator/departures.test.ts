// Where MetalLB surprised its users, and this does not: each title names the report, or the defect where there is none.
import assert from 'node:assert/strict'
import test from 'node:test'
import { poolUsage, registerAll } from '../../src/allocator/index.ts'
import { namespace, pool } from '../config/objects.ts'
import { Cluster, type ServiceSpec, asks, assigned, both, configurationOf, service } from './cluster.ts'

const lan = pool('lan', ['10.0.0.0/24', 'fd00::/64'])
const all = (cluster: Cluster): string[] =>
  [...cluster.services.values()].map((object) => cluster.shows(object.metadata?.name ?? ''))

test('no Service moves when another is deleted, created or moved (metallb#2723, metallb#686)', () => {
  const cluster = new Cluster(
    [lan],
    ['a', 'b', 'c', 'd'].map((name) => service(name)),
  )
  const before = all(cluster)
  cluster.delete('a')
  cluster.apply(service('e'))
  cluster.apply(service('b', asks('loadBalancerIPs', '10.0.0.77')))
  assert.deepEqual([cluster.shows('c'), cluster.shows('d')], before.slice(2))
})

test('no Service moves at a restart, in whatever order the objects are read (metallb#1984, metallb#2443, metallb#1774)', () => {
  const cluster = new Cluster(
    [lan],
    ['a', 'b', 'c'].map((name) => service(name)),
  )
  cluster.delete('a')
  const objects = [service('waits', { age: 50 }), ...cluster.services.values()]
  for (const order of [objects, objects.toReversed()]) {
    const restarted = new Cluster([lan], order)
    assert.deepEqual([restarted.shows('b'), restarted.shows('c')], ['10.0.0.1@lan', '10.0.0.2@lan'])
    assert.equal(restarted.writes, 1, 'only for the one that waits')
  }
})

test('after a restart no two Services that do not share have one address (metallb#1647)', () => {
  const cluster = new Cluster(
    [pool('one', ['10.0.0.1/32'])],
    [assigned('b', ['10.0.0.1'], 'one', { age: 1 }), assigned('a', ['10.0.0.1'], 'one', { age: 1 })],
  )
  assert.deepEqual(
    [cluster.shows('a'), cluster.shows('b')],
    ['10.0.0.1@one', '-'],
    'of one age the first by name',
  )
})

test('PreferDualStack on a single cluster IP has one address and does not flap (metallb#2726)', () => {
  const cluster = new Cluster([lan], [service('web', { policy: 'PreferDualStack' })])
  for (let round = 0; round < 5; round++) cluster.reconcile('default/web')
  assert.deepEqual([cluster.shows('web'), cluster.writes, cluster.events.length], ['10.0.0.0@lan', 1, 1])
})

test('with a class of its own: a Service that leaves type LoadBalancer, and so loses its class, is released', () => {
  const cluster = new Cluster([lan], [service('web', { loadBalancerClass: 'example.com/lb' })], {
    loadBalancerClass: 'example.com/lb',
  })
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.apply(service('web', { type: 'ClusterIP' }))
  assert.deepEqual([cluster.shows('web'), cluster.condition('web')], ['-', '-'])
  assert.equal(poolUsage(cluster.state).get('lan')?.IPv4.inUse, 0n)
})

test('a Service that leaves type LoadBalancer for any other type is released (metallb#190)', () => {
  for (const type of ['ClusterIP', 'NodePort', 'ExternalName']) {
    const cluster = new Cluster([lan], [service('web')])
    cluster.apply(service('web', { type }))
    assert.equal(cluster.shows('web'), '-', type)
  }
})

test('a pool whose namespace selectors match nothing is closed, also to who asks for it or its address', () => {
  const closed = pool('lan', ['10.0.0.0/24'], {
    serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'gone' } }], serviceSelectors: [{}] },
  })
  for (const spec of [{}, asks('address-pool', 'lan'), asks('loadBalancerIPs', '10.0.0.5')]) {
    const cluster = new Cluster([closed], [service('web', spec)], { namespaces: [namespace('default')] })
    assert.equal(cluster.shows('web'), '-')
  }
})

test('counts are exact where a pool has more than an int64 holds, in whatever order its ranges stand', () => {
  const entries = ['::/1', '10.0.0.0/30', '8000::/127', '10.1.0.0/32']
  for (const addresses of [entries, entries.toReversed()]) {
    const cluster = new Cluster(
      [pool('huge', addresses)],
      [service('a'), service('b', { families: ['IPv6'] })],
    )
    const usage = poolUsage(cluster.state).get('huge')
    assert.deepEqual([usage?.IPv4.inUse, usage?.IPv4.available], [1n, 4n])
    assert.deepEqual([usage?.IPv6.total, usage?.IPv6.inUse], [2n ** 127n + 2n, 1n])
    assert.equal(usage?.IPv6.available, 2n ** 127n + 1n)
  }
  const exact = new Cluster([pool('large', ['fd00::/66'])], [service('a', { families: ['IPv6'] })])
  assert.equal(poolUsage(exact.state).get('large')?.IPv6.available, 2n ** 62n - 1n)
})

test('pools of one priority are taken by name, and priority alone is heeded (metallb#2656, metallb#2714)', () => {
  const prior = (name: string, entry: string, priority: number) =>
    pool(name, [entry], { serviceAllocation: { priority } })
  const pools = [
    prior('d', '10.4.0.0/32', 7),
    prior('c', '10.3.0.0/32', 7),
    prior('b', '10.2.0.0/32', 3),
    pool('a', ['10.1.0.0/32']),
  ]
  for (const order of [pools, pools.toReversed()]) {
    const cluster = new Cluster(
      order,
      ['1', '2', '3', '4'].map((name) => service(name)),
    )
    assert.deepEqual(all(cluster), ['10.2.0.0@b', '10.3.0.0@c', '10.4.0.0@d', '10.1.0.0@a'])
  }
})

test('a pool that names namespaces and labels is for Services that fulfil both', () => {
  const narrow = pool('lan', ['10.0.0.0/24'], {
    serviceAllocation: { namespaces: ['default'], serviceSelectors: [{ matchLabels: { app: 'x' } }] },
  })
  const gets = (spec: ServiceSpec): string => {
    const cluster = new Cluster([narrow], [service('web', spec)])
    return cluster.shows('web', spec.namespace)
  }
  assert.equal(gets({ labels: { app: 'x' } }), '10.0.0.0@lan')
  assert.equal(gets({ labels: { app: 'y' } }), '-')
  assert.equal(gets({ labels: { app: 'x' }, namespace: 'other' }), '-')
})

test('deleting all pools empties no status, and a Service created meanwhile is told why it waits', () => {
  const cluster = new Cluster([lan], [service('web', both)])
  cluster.configure([])
  cluster.apply(service('new'))
  assert.equal(cluster.shows('web'), '10.0.0.0,fd00::@lan')
  assert.match(cluster.condition('web'), /^True NoPool: it keeps "10.0.0.0" and "fd00::"/)
  assert.match(cluster.condition('new'), /^False NoPool/)
  const restarted = new Cluster([], [...cluster.services.values()])
  assert.equal(restarted.shows('web'), '10.0.0.0,fd00::@lan', 'nor does a restart')
  cluster.configure([lan])
  assert.equal(cluster.shows('new'), '10.0.0.1@lan')
})

test('an unchanged configuration concerns nobody, and one label only those whom it admits or expels (metallb#2889)', () => {
  const team = pool('team', ['10.5.0.0/24'], {
    serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'a' } }] },
  })
  const labels = (blue: string, green: string) => [
    namespace('blue', { team: blue }),
    namespace('green', { team: green }),
  ]
  const services = ['blue', 'green', 'red'].map((name) => service('web', { namespace: name }))
  const waits = service('waits', { namespace: 'green', ...asks('address-pool', 'team') })
  const cluster = new Cluster([lan, team], [...services, waits], { namespaces: labels('a', 'b') })
  assert.deepEqual(cluster.configure([lan, team], labels('a', 'b')), [])
  assert.deepEqual(cluster.configure([lan, team], labels('a', 'a')), ['green/waits'])
  assert.equal(cluster.shows('waits', 'green'), '10.5.0.1@team')
  assert.deepEqual(cluster.configure([lan, team], labels('b', 'a')), ['blue/web'])
  assert.equal(cluster.shows('web', 'blue'), '10.0.0.2@lan')
})

test('of many who wait a freed address wakes one, not all', () => {
  const cluster = new Cluster([pool('one', ['10.0.0.1/32'])], [service('holder', { age: 59 })])
  for (let count = 0; count < 50; count++) cluster.apply(service(`s${count}`, { age: count }))
  const explained = cluster.explanations
  cluster.delete('holder')
  assert.equal(cluster.shows('s49'), '10.0.0.1@one')
  assert.equal(cluster.explanations, explained, 'nobody else has anything new to say')
})

test('two controllers: an address that the other gave a second time stays with the older Service', () => {
  for (const [newcomer, age, expected] of [
    ['older', 9, ['10.0.0.1@lan', '10.0.0.0@lan']],
    ['younger', 1, ['10.0.0.0@lan', '10.0.0.1@lan']],
  ] as const) {
    const cluster = new Cluster([lan], [service('web', { age: 5 })])
    cluster.services.set('default/new', assigned('new', ['10.0.0.0'], 'lan', { age }))
    cluster.reconcile('default/new')
    assert.deepEqual([cluster.shows('web'), cluster.shows('new')], expected, newcomer)
  }
})

test('a late write over the status of a Service that has an address is undone', () => {
  const cluster = new Cluster([lan], [service('old', { age: 9 }), service('web', { age: 5 })])
  cluster.overwrite('web', [{ ip: '10.0.0.0' }], 'lan')
  assert.deepEqual([cluster.shows('old'), cluster.shows('web')], ['10.0.0.0@lan', '10.0.0.1@lan'])
  cluster.overwrite('old', [{ ip: '10.0.0.1' }], 'lan')
  assert.deepEqual([cluster.shows('old'), cluster.shows('web')], ['10.0.0.0@lan', '10.0.0.1@lan'])
})

test('a changed pool annotation moves the Service, and an infeasible one costs it nothing (metallb#448)', () => {
  const cluster = new Cluster([lan, pool('other', ['10.9.0.0/32'])], [service('web')])
  cluster.apply(service('web', asks('address-pool', 'other')))
  assert.equal(cluster.shows('web'), '10.9.0.0@other')
  cluster.apply(service('web', asks('address-pool', 'gone')))
  assert.equal(cluster.shows('web'), '10.9.0.0@other')
})

test('a Service that waits is served as soon as an address is free (metallb#1586, metallb#413, metallb#1645)', () => {
  const free: [string, (cluster: Cluster) => void][] = [
    ['another is deleted', (cluster) => cluster.delete('web')],
    ['another moves', (cluster) => cluster.apply(service('web', asks('address-pool', 'two')))],
    ['another is no LoadBalancer', (cluster) => cluster.apply(service('web', { type: 'ClusterIP' }))],
    [
      'its pool grows',
      (cluster) =>
        cluster.configure([
          pool('one', ['10.0.0.0/31']),
          pool('two', ['10.2.0.0/32'], { autoAssign: false }),
        ]),
    ],
  ]
  for (const [name, happens] of free) {
    const cluster = new Cluster(
      [pool('one', ['10.0.0.0/32']), pool('two', ['10.2.0.0/32'], { autoAssign: false })],
      [service('web')],
    )
    cluster.apply(service('waits'))
    assert.equal(cluster.shows('waits'), '-')
    happens(cluster)
    assert.match(cluster.shows('waits'), /@one$/, name)
  }
})

test('an invalid address in a status is replaced, and a host name beside an address is cleaned away (metallb#1778)', () => {
  const web = service('web', { ingress: [{ ip: '10.0.0.5' }, { hostname: 'lb.example' }] })
  const cluster = new Cluster([lan], [web, service('bad', { ingress: [{ ip: '10.0.0' }] })])
  assert.deepEqual([cluster.shows('web'), cluster.shows('bad')], ['10.0.0.5@lan', '10.0.0.0@lan'])
})

test('a dual pool reduced to one family: the address of that family stays', () => {
  const cluster = new Cluster([lan], [service('web', both)])
  cluster.configure([pool('lan', ['10.0.0.0/24'])])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
})

test('the deprecated annotations are read, all three, and the deprecated one of the result is let be', () => {
  const old = (key: string, value: string): ServiceSpec => ({
    annotations: { [`metallb.universe.tf/${key}`]: value },
  })
  const pools = [lan, pool('other', ['10.9.0.0/24'])]
  const cluster = new Cluster(pools, [
    service('web', old('address-pool', 'other')),
    service('ip', old('loadBalancerIPs', '10.9.0.7')),
  ])
  assert.deepEqual([cluster.shows('web'), cluster.shows('ip')], ['10.9.0.0@other', '10.9.0.7@other'])
  const shared = { 'metallb.universe.tf/allow-shared-ip': 'k', 'metallb.io/loadBalancerIPs': '10.0.0.9' }
  for (const port of ['TCP/1', 'TCP/2'])
    cluster.apply(service(port.replace('/', ''), { annotations: shared, ports: [port] }))
  assert.deepEqual([cluster.shows('TCP1'), cluster.shows('TCP2')], ['10.0.0.9@lan', '10.0.0.9@lan'])
  const kept = 'metallb.universe.tf/ip-allocated-from-pool'
  cluster.apply(service('kept', { annotations: { [kept]: 'x' } }))
  assert.equal(cluster.services.get('default/kept')?.metadata?.annotations?.[kept], 'x')
  assert.equal(cluster.shows('kept'), '10.0.0.0@lan')
})

test('a start gives nothing out before every assignment is known', () => {
  const cluster = new Cluster([lan])
  const objects = [service('first', { age: 9 }), assigned('second', ['10.0.0.0'], 'lan')]
  assert.deepEqual(registerAll(cluster.state, objects), ['default/first', 'default/second'])
  assert.equal(poolUsage(cluster.state).get('lan')?.IPv4.inUse, 1n)
})

test('the same objects are the same configuration, in whatever order they come', () => {
  const pools = ['c', 'a', 'b'].map((name, index) => pool(name, [`10.${index}.0.0/24`]))
  assert.deepEqual(configurationOf(pools), configurationOf(pools.toReversed()))
})
