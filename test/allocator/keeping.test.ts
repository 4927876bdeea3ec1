import assert from 'node:assert/strict'
import test from 'node:test'
import { configure, servicesByPool } from '../../src/allocator/index.ts'
import { readConfiguration } from '../../src/config/index.ts'
import { namespace, pool } from '../config/objects.ts'
import { Cluster, asks, assigned, both, service } from './cluster.ts'

const lan = pool('lan', ['10.0.0.0/24', 'fd00::/64'])

test('at start what is assigned stays, and what waits is served after it, oldest first', () => {
  const cluster = new Cluster(
    [lan],
    [
      service('young', { age: 1 }),
      service('old', { age: 9 }),
      assigned('second', ['10.0.0.1'], 'lan', { age: 2 }),
      assigned('first', ['10.0.0.0'], 'lan', { age: 3 }),
    ],
  )
  assert.deepEqual(
    ['first', 'second', 'old', 'young'].map((name) => cluster.shows(name)),
    ['10.0.0.0@lan', '10.0.0.1@lan', '10.0.0.2@lan', '10.0.0.3@lan'],
  )
  assert.equal(cluster.writes, 2, 'nothing is written for what is as it should be')
})

test('of two Services that show one address the older keeps it', () => {
  const cluster = new Cluster(
    [lan],
    [assigned('young', ['10.0.0.7'], 'lan', { age: 1 }), assigned('old', ['10.0.0.7'], 'lan', { age: 2 })],
  )
  assert.equal(cluster.shows('old'), '10.0.0.7@lan')
  assert.equal(cluster.shows('young'), '10.0.0.0@lan')
})

test('without any pool nothing is released or written, and those who wait are told', () => {
  const foreign = service('foreign', { ingress: [{ hostname: 'lb.example.com' }] })
  const twin = assigned('twin', ['10.0.0.7'], 'lan', { age: 1 })
  const cluster = new Cluster(
    [],
    [assigned('web', ['10.0.0.7'], 'lan', { age: 2 }), twin, foreign, service('waits')],
  )
  assert.deepEqual(
    ['web', 'twin', 'foreign', 'waits'].map((name) => cluster.shows(name)),
    ['10.0.0.7@lan', '10.0.0.7@lan', 'lb.example.com@undefined', '-'],
  )
  assert.equal(cluster.writes, 0)
  assert.match(
    cluster.events.join('\n'),
    /waits AllocationFailed: .*no available IPs: there is no IPAddressPool/,
  )
  cluster.configure([lan])
  assert.deepEqual(
    ['web', 'twin', 'waits'].map((name) => cluster.shows(name)),
    ['10.0.0.7@lan', '10.0.0.0@lan', '10.0.0.2@lan'], // .1 is the foreign one’s now
  )
})

test('all pools deleted: what is assigned stays', () => {
  const cluster = new Cluster([lan], [service('web')])
  cluster.configure([])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.configure([lan])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  assert.equal(cluster.writes, 1)
})

test('a Service is counted under the pool that it is from, refused or not, and not when the pool is gone', () => {
  const cluster = new Cluster([lan], [service('web')])
  assert.deepEqual([...servicesByPool(cluster.state)], [['lan', 1]])
  cluster.configure([pool('lan', ['garbage'])])
  assert.deepEqual([...servicesByPool(cluster.state)], [['lan', 1]])
  cluster.configure([])
  assert.deepEqual([...servicesByPool(cluster.state)], [])
})

test('a pool that is refused keeps what it gave and gives nothing new', () => {
  const cluster = new Cluster([lan], [service('web')])
  cluster.configure([pool('lan', ['garbage']), pool('other', ['10.9.0.0/24'])])
  cluster.apply(service('new'))
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  assert.equal(cluster.shows('new'), '10.9.0.0@other')
  assert.equal(cluster.writes, 2)
})

test('who waits is told which pools are refused, and no longer when they are mended', () => {
  const wrong = pool('wrong', ['garbage'])
  const cluster = new Cluster([wrong])
  cluster.apply(service('web'))
  const see = 'see the conditions of what is refused: "wrong"'
  assert.equal(cluster.condition('web'), `False NoPool: no available IPs: ${see}`)
  const reserve = pool('reserve', ['10.9.0.0/24'], { autoAssign: false })
  cluster.configure([reserve, wrong])
  const none = 'no available IPs: no pool with autoAssign is for this Service'
  assert.equal(cluster.condition('web'), `False NoAddressAvailable: ${none}; ${see}`)
  cluster.configure([reserve])
  assert.equal(cluster.condition('web'), `False NoAddressAvailable: ${none}`)
})

test('who has an address is told that its pool is missing only when no more pools may come', () => {
  for (const others of [[], [pool('other', ['10.9.0.0/24'], { autoAssign: false })]]) {
    const cluster = new Cluster([lan], [service('web')])
    const told = cluster.condition('web')
    const objects = { pools: others, advertisements: [], namespaces: [], reserved: [] }
    configure(cluster.state, { ...readConfiguration(objects), incomplete: true })
    assert.equal(cluster.reconcile('default/web').write, 'none')
    assert.equal(cluster.condition('web'), told)
    cluster.configure(others)
    assert.match(cluster.condition('web'), /^(True NoPool: it keeps|False NoAddressAvailable:)/)
  }
})

test('a pool deleted or shrunk under an address: the Service gets another, and an event says why', () => {
  const cluster = new Cluster([lan], [service('web')])
  cluster.configure([pool('lan', ['10.0.0.100-10.0.0.199'])])
  assert.equal(cluster.shows('web'), '10.0.0.100@lan')
  assert.match(cluster.events.at(-2) ?? '', /ClearAssignment: .*"10.0.0.0" is not allowed in config/)
  cluster.configure([pool('elsewhere', ['10.5.0.0/24'])])
  assert.equal(cluster.shows('web'), '10.5.0.0@elsewhere')
})

test('a Service that loses its address and finds no other is released', () => {
  const cluster = new Cluster([lan], [service('web')])
  cluster.configure([pool('six', ['fd00::/64'])])
  assert.equal(cluster.shows('web'), '-')
  assert.match(cluster.events.at(-1) ?? '', /AllocationFailed/)
})

test('a pool renamed or split keeps the addresses under the new name', () => {
  const cluster = new Cluster([lan], [service('a'), service('b')])
  cluster.configure([pool('left', ['10.0.0.0/32']), pool('right', ['10.0.0.1-10.0.0.255'])])
  assert.equal(cluster.shows('a'), '10.0.0.0@left')
  assert.equal(cluster.shows('b'), '10.0.0.1@right')
  assert.ok(cluster.events.every((event) => event.includes('IPAllocated')))
})

test('of two addresses whose pool is split between them the first stays', () => {
  const cluster = new Cluster([lan], [service('web', both)])
  assert.equal(cluster.shows('web'), '10.0.0.0,fd00::@lan')
  cluster.configure([pool('four', ['10.0.0.0/24']), pool('six', ['fd00::/64'])])
  assert.equal(cluster.shows('web'), '10.0.0.0@four')
})

test('labels and namespaces that no longer suit the pool cost the address', () => {
  const selective = pool('lan', ['10.0.0.0/24'], {
    serviceAllocation: { serviceSelectors: [{ matchLabels: { app: 'web' } }] },
  })
  const cluster = new Cluster([selective], [service('web', { labels: { app: 'web' } })])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.apply(service('web', { labels: { app: 'other' } }))
  assert.equal(cluster.shows('web'), '-')

  const team = pool('lan', ['10.0.0.0/24'], {
    serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'a' } }] },
  })
  const other = new Cluster([team], [service('web')], { namespaces: [namespace('default', { team: 'a' })] })
  assert.equal(other.shows('web'), '10.0.0.0@lan')
  other.configure([team], [namespace('default', { team: 'b' })])
  assert.equal(other.shows('web'), '-')
})

test('autoAssign and priority count for new Services only, avoidBuggyIPs for all', () => {
  const cluster = new Cluster([lan], [service('web')])
  const serviceAllocation = { priority: 9 }
  cluster.configure([pool('lan', ['10.0.0.0/24'], { autoAssign: false, serviceAllocation })])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.configure([pool('lan', ['10.0.0.0/24'], { avoidBuggyIPs: true, serviceAllocation })])
  assert.equal(cluster.shows('web'), '10.0.0.1@lan')
})

test('a request that cannot be granted leaves the Service what it has, and says so once', () => {
  const cluster = new Cluster([lan, pool('other', ['10.9.0.0/32'])], [service('web')])
  cluster.apply(service('taken', asks('loadBalancerIPs', '10.9.0.0')))
  for (const wish of [
    asks('loadBalancerIPs', '10.9.0.0'),
    asks('loadBalancerIPs', '172.16.0.1'),
    asks('loadBalancerIPs', 'nonsense'),
    asks('address-pool', 'nowhere'),
    asks('address-pool', 'other'),
  ]) {
    const { refusal, write } = cluster.apply(service('web', wish))
    assert.notEqual(refusal, null)
    assert.equal(write, 'explain')
    assert.equal(cluster.shows('web'), '10.0.0.0@lan')
    assert.match(
      cluster.events.at(-1) ?? '',
      /^web (AllocationFailed|LoadBalancerFailed): .*it keeps "10.0.0.0"/,
    )
    const before = cluster.events.length
    cluster.reconcile('default/web')
    assert.equal(cluster.events.length, before)
  }
})

test('a request is granted as soon as it can be, and what was held is free for others', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/32']), pool('other', ['10.9.0.0/32'])])
  cluster.apply(service('web', asks('address-pool', 'lan')))
  cluster.apply(service('holder', asks('address-pool', 'other')))
  cluster.apply(service('waits', asks('address-pool', 'lan')))
  cluster.apply(service('web', asks('loadBalancerIPs', '10.9.0.0')))
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.delete('holder')
  assert.equal(cluster.shows('web'), '10.9.0.0@other')
  assert.equal(cluster.shows('waits'), '10.0.0.0@lan')
})

test('a request withdrawn leaves the Service what it got by it', () => {
  const cluster = new Cluster(
    [lan, pool('other', ['10.9.0.0/24'])],
    [service('web', asks('address-pool', 'other'))],
  )
  cluster.apply(service('web'))
  assert.equal(cluster.shows('web'), '10.9.0.0@other')
})

test('a Service deleted or no longer of type LoadBalancer frees its address for the oldest that waits', () => {
  const cluster = new Cluster([pool('one', ['10.0.0.1/32'])])
  cluster.apply(service('holder'))
  cluster.apply(service('young', { age: 1 }))
  cluster.apply(service('old', { age: 2 }))
  cluster.delete('holder')
  assert.deepEqual(
    ['old', 'young'].map((name) => cluster.shows(name)),
    ['10.0.0.1@one', '-'],
  )
  cluster.apply(service('old', { type: 'ClusterIP' }))
  assert.deepEqual(
    ['old', 'young'].map((name) => cluster.shows(name)),
    ['-', '10.0.0.1@one'],
  )
})

test('a Service that changed its type while nobody looked is released at start, and others are left alone', () => {
  const left = assigned('left', ['10.0.0.1'], 'lan', { type: 'ClusterIP' })
  const cluster = new Cluster([lan], [left, service('never', { type: 'NodePort' })])
  assert.equal(cluster.reconcile('default/left').write, 'release')
  assert.equal(cluster.shows('left'), '-')
  assert.equal(cluster.reconcile('default/never').write, 'none')
})

test('a status wiped or overwritten by somebody else is restored', () => {
  const cluster = new Cluster([lan], [service('a'), service('web')])
  for (const ingress of [
    [],
    [{ hostname: 'lb.example' }],
    [{ ip: '10.0.0.77' }],
    [{ ip: '10.0.0.1', ipMode: 'Proxy' }],
  ]) {
    const object = cluster.services.get('default/web')
    assert.ok(object)
    cluster.services.set('default/web', { ...object, status: { loadBalancer: { ingress } } })
    assert.equal(cluster.reconcile('default/web').write, 'assign')
    assert.equal(cluster.shows('web'), '10.0.0.1@lan')
  }
  const object = cluster.services.get('default/web')
  cluster.services.set('default/web', { ...object, metadata: { ...object?.metadata, annotations: {} } })
  assert.equal(cluster.reconcile('default/web').write, 'assign', 'the annotation removed')
})

test('a status that cannot be ours is replaced', () => {
  for (const ingress of [
    [{ hostname: 'lb.example.com' }],
    [{ ip: '203.0.113.9' }],
    [{ ip: 'nonsense' }],
    [{ ip: '10.0.0.7' }, { ip: '10.0.0.8' }],
  ]) {
    const cluster = new Cluster([lan], [service('web', { ingress })])
    assert.equal(cluster.shows('web'), '10.0.0.0@lan', JSON.stringify(ingress))
  }
})

test('a Service that becomes dual-stack gets the other family beside what it has', () => {
  const cluster = new Cluster([lan], [service('web')])
  cluster.apply(service('web', both))
  assert.equal(cluster.shows('web'), '10.0.0.0,fd00::@lan')
  cluster.apply(service('web'))
  assert.equal(cluster.shows('web'), '10.0.0.0@lan', 'and gives it back')
})

test('PreferDualStack takes the second family when its pool gets one, and stays where it is for other pools', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])], [service('web', both)])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  assert.match(cluster.events.at(-1) ?? '', /AdditionalAssignFailed/)
  cluster.configure([pool('dual', ['10.7.0.0/24', 'fd07::/64']), pool('lan', ['10.0.0.0/24'])])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.configure([lan])
  assert.equal(cluster.shows('web'), '10.0.0.0,fd00::@lan')
})

test('RequireDualStack moves to a pool that has both as soon as there is one, and keeps its address until then', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])], [service('web')])
  const required = { ...both, policy: 'RequireDualStack' }
  cluster.apply(service('web', required))
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  cluster.configure([pool('dual', ['10.7.0.0/24', 'fd07::/64']), pool('lan', ['10.0.0.0/24'])])
  assert.equal(cluster.shows('web'), '10.7.0.0,fd07::@dual')
})

test('the order in which an ingress lists its addresses stays', () => {
  const cluster = new Cluster([lan], [assigned('web', ['fd00::5', '10.0.0.5'], 'lan', both)])
  assert.equal(cluster.shows('web'), 'fd00::5,10.0.0.5@lan')
  assert.equal(cluster.writes, 0)
})

test('a request for one address of a Service that now has two families is refused, and what it has stays', () => {
  const cluster = new Cluster([lan], [service('web', asks('loadBalancerIPs', '10.0.0.7'))])
  const { refusal, write } = cluster.apply(
    service('web', { ...both, ...asks('loadBalancerIPs', '10.0.0.7') }),
  )
  assert.deepEqual([refusal?.reason, write], ['FamilyMismatch', 'explain'])
  assert.equal(cluster.shows('web'), '10.0.0.7@lan')
})

test('a draining pool is named as the cause, not taken for full or absent', () => {
  const draining = pool('lan', ['10.0.0.0/24', 'fd00::/64'], { drain: true })
  const cluster = new Cluster([lan], [service('web')])
  cluster.configure([draining])
  cluster.apply(service('web', both))
  assert.match(cluster.condition('web'), /no IPv6 address as second: pool "lan" is draining/)
  cluster.apply(service('new'))
  assert.match(cluster.condition('new'), /NoAddressAvailable: .*"lan" would do, but for draining/)
  cluster.configure([draining, pool('full', ['fd09::/128'])])
  assert.match(
    cluster.condition('new'),
    /no available IPs for IPv4 in "full"; "lan" would do, but for draining/,
  )
})
