import assert from 'node:assert/strict'
import test from 'node:test'
import { createState, reconcileService } from '../../src/allocator/index.ts'
import { readConfiguration } from '../../src/config/index.ts'
import { namespace, pool } from '../config/objects.ts'
import { Cluster, type ServiceSpec, asks, both, service } from './cluster.ts'

/** What a new Service gets from these pools, and why not. */
function gets(pools: Parameters<typeof pool>[], spec: ServiceSpec = {}): string {
  const cluster = new Cluster(
    pools.map((args) => pool(...args)),
    [],
    { namespaces: [namespace('default', { team: 'd' })] },
  )
  const { refusal } = cluster.apply(service('web', spec))
  return refusal === null ? cluster.shows('web', spec.namespace) : `${cluster.shows('web')} ${refusal.reason}`
}

test('a Service receives the first address of the first pool by name', () => {
  assert.equal(
    gets([
      ['b', ['10.1.0.0/24']],
      ['a', ['10.0.0.5-10.0.0.9']],
    ]),
    '10.0.0.5@a',
  )
  assert.equal(gets([['a', ['10.0.0.0/24']]]), '10.0.0.0@a', 'also that which ends in 0')
})

test('addresses of a pool are given in the order in which it lists them', () => {
  const cluster = new Cluster([pool('p', ['10.0.9.1-10.0.9.2', '10.0.0.1-10.0.0.2'])])
  for (const name of ['a', 'b', 'c', 'd', 'e']) cluster.apply(service(name))
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => cluster.shows(name)),
    ['10.0.9.1@p', '10.0.9.2@p', '10.0.0.1@p', '10.0.0.2@p', '-'],
  )
})

test('pools meant for the Service come first, by priority, then by name, and others only when these fail', () => {
  const mine = (priority: number) => ({ serviceAllocation: { priority, namespaces: ['default'] } })
  assert.equal(
    gets([
      ['a', ['10.0.0.0/24']],
      ['b', ['10.1.0.0/24'], mine(20)],
      ['c', ['10.2.0.0/24'], mine(10)],
    ]),
    '10.2.0.0@c',
  )
  assert.equal(
    gets([
      ['b', ['10.1.0.0/24'], mine(0)],
      ['c', ['10.2.0.0/24'], mine(99)],
    ]),
    '10.2.0.0@c',
    '0 is last',
  )
  assert.equal(
    gets([
      ['c', ['10.2.0.0/24'], mine(5)],
      ['b', ['10.1.0.0/24'], mine(5)],
    ]),
    '10.1.0.0@b',
  )
  assert.equal(
    gets([
      ['a', ['10.0.0.0/24']],
      ['b', ['10.1.0.0/24'], { serviceAllocation: { priority: 3 } }],
    ]),
    '10.1.0.0@b',
  )
  assert.equal(
    gets([
      ['a', ['10.0.0.0/24']],
      ['b', ['fd00::/64'], mine(1)],
    ]),
    '10.0.0.0@a',
  )
})

test('a pool that excludes the Service is not for it, asked for or not', () => {
  const others = { serviceAllocation: { namespaces: ['others'] } }
  const labelled = { serviceAllocation: { serviceSelectors: [{ matchLabels: { app: 'db' } }] } }
  assert.equal(gets([['p', ['10.0.0.0/24'], others]]), '- NoAddressAvailable')
  assert.equal(gets([['p', ['10.0.0.0/24'], others]], asks('address-pool', 'p')), '- PoolForbidsService')
  assert.equal(
    gets([['p', ['10.0.0.0/24'], labelled]], asks('loadBalancerIPs', '10.0.0.9')),
    '- PoolForbidsService',
  )
  assert.equal(gets([['p', ['10.0.0.0/24'], labelled]], { labels: { app: 'db' } }), '10.0.0.0@p')
})

test('without autoAssign a pool serves only those who ask', () => {
  const manual: Parameters<typeof pool>[] = [['p', ['10.0.0.0/24'], { autoAssign: false }]]
  assert.equal(gets(manual), '- NoAddressAvailable')
  assert.equal(gets(manual, asks('address-pool', 'p')), '10.0.0.0@p')
  assert.equal(gets(manual, asks('loadBalancerIPs', '10.0.0.9')), '10.0.0.9@p')
})

test('avoidBuggyIPs leaves out what ends in 0 or 255', () => {
  const careful: Parameters<typeof pool>[] = [['p', ['10.0.0.255-10.0.1.2'], { avoidBuggyIPs: true }]]
  assert.equal(gets(careful), '10.0.1.1@p')
  assert.equal(gets(careful, asks('loadBalancerIPs', '10.0.1.0')), '- AddressAvoided')
  assert.equal(gets([['p', ['fd00::/120'], { avoidBuggyIPs: true }]], { families: ['IPv6'] }), 'fd00::@p')
})

test('a requested pool has no substitute', () => {
  const pools: Parameters<typeof pool>[] = [
    ['a', ['10.0.0.0/24']],
    ['six', ['fd00::/64']],
    ['bad', ['x']],
  ]
  assert.equal(gets(pools, asks('address-pool', 'nowhere')), '- UnknownPool')
  assert.equal(gets(pools, asks('address-pool', 'six')), '- PoolExhausted')
  assert.equal(gets(pools, asks('address-pool', 'bad')), '- PoolRefused')
  assert.equal(gets(pools, asks('address-pool', '')), '10.0.0.0@a', 'empty is no request')
})

test('requested addresses are given, or it is said what stands against them', () => {
  const pools: Parameters<typeof pool>[] = [
    ['a', ['10.0.0.0/24', 'fd00::/64']],
    ['b', ['10.1.0.0/24', 'fd01::/64']],
  ]
  const wants = (ips: string, spec: ServiceSpec = {}) =>
    gets(pools, { ...asks('loadBalancerIPs', ips), ...spec })
  assert.equal(wants('10.1.0.7'), '10.1.0.7@b')
  assert.equal(wants(' fd01::7 , 10.1.0.7 ', both), 'fd01::7,10.1.0.7@b', 'in the order asked')
  assert.equal(wants('10.2.0.7'), '- AddressOutsidePools')
  assert.equal(wants('10.0.0.7,fd01::7', both), '- AddressOutsidePools', 'of two pools')
  assert.equal(wants('10.0.0.7', both), '- FamilyMismatch')
  assert.equal(wants('fd00::7'), '- FamilyMismatch')
  assert.equal(wants('10.0.0.7,fd00::7'), '- FamilyMismatch')
  assert.equal(gets(pools, { loadBalancerIP: '10.0.0.8' }), '10.0.0.8@a')
  const inPool = { 'metallb.io/address-pool': 'a', 'metallb.io/loadBalancerIPs': '10.1.0.7' }
  assert.equal(gets(pools, { annotations: inPool }), '- AddressOfOtherPool')
  for (const bad of ['10.0.0.7,10.0.0.8', '1.2.3', 'a,b,c', '10.0.0.7,', ',']) {
    assert.equal(wants(bad), '- InvalidAddressRequest', bad)
  }
  assert.equal(wants('10.0.0.7', { loadBalancerIP: '10.0.0.8' }), '- InvalidAddressRequest')
})

test('annotations with the deprecated prefix are read where the new ones are absent, with a warning', () => {
  const cluster = new Cluster([pool('a', ['10.0.0.0/24'])])
  const old = { 'metallb.universe.tf/loadBalancerIPs': '10.0.0.7' }
  cluster.apply(service('web', { annotations: old }))
  assert.equal(cluster.shows('web'), '10.0.0.7@a')
  assert.match(cluster.events.join(), /deprecatedAnnotation: annotation metallb.universe.tf\/loadBalancerIPs/)
  cluster.apply(service('new', { annotations: { ...old, 'metallb.io/loadBalancerIPs': '' } }))
  assert.equal(cluster.shows('new'), '10.0.0.0@a', 'an empty new one counts')
})

test('a dual-stack Service receives both families from one pool, IPv4 first', () => {
  const dual: Parameters<typeof pool>[] = [
    ['a', ['10.0.0.0/24']],
    ['b', ['fd00::/64', '10.1.0.0/24']],
  ]
  assert.equal(gets(dual, both), '10.1.0.0,fd00::@b')
  assert.equal(gets(dual, { families: ['IPv6', 'IPv4'], policy: 'RequireDualStack' }), '10.1.0.0,fd00::@b')
})

test('where no pool has both, PreferDualStack takes the primary family, and RequireDualStack waits', () => {
  const single: Parameters<typeof pool>[] = [
    ['a', ['10.0.0.0/24']],
    ['b', ['fd00::/64']],
  ]
  assert.equal(gets(single, both), '10.0.0.0@a SecondFamilyUnavailable')
  assert.equal(gets(single, { families: ['IPv6', 'IPv4'] }), 'fd00::@b SecondFamilyUnavailable')
  assert.equal(
    gets([['a', ['10.0.0.0/24']]], { families: ['IPv6', 'IPv4'] }),
    '10.0.0.0@a SecondFamilyUnavailable',
  )
  assert.equal(gets(single, { ...both, policy: 'RequireDualStack' }), '- NoAddressAvailable')
  assert.equal(gets(single, { families: ['IPv4'], policy: 'RequireDualStack' }), '- NotDualStack')
})

test('PreferDualStack on one cluster IP takes one address, and nothing changes after', () => {
  const cluster = new Cluster([pool('a', ['10.0.0.0/24', 'fd00::/64'])])
  cluster.apply(service('web', { families: ['IPv4'], policy: 'PreferDualStack' }))
  for (let round = 0; round < 3; round++) assert.equal(cluster.reconcile('default/web').write, 'none')
  assert.equal(cluster.shows('web'), '10.0.0.0@a')
})

test('a Service without readable cluster IPs receives nothing', () => {
  const pools: Parameters<typeof pool>[] = [['a', ['10.0.0.0/24']]]
  assert.equal(gets(pools, { families: [] }), '- NoClusterIP')
  assert.equal(gets(pools, { families: ['IPv4', 'IPv4'] }), '- InvalidClusterIPs')
})

test('a Service of another class, or of none, is another program’s', () => {
  const object = service('web', {
    loadBalancerClass: 'example.com/other',
    ingress: [{ hostname: 'lb.example' }],
  })
  const classless = new Cluster([pool('a', ['10.0.0.0/24'])])
  assert.equal(classless.apply(object).write, 'none')
  assert.equal(classless.shows('web'), 'lb.example@undefined')
  const ours = new Cluster([pool('a', ['10.0.0.0/24'])], [], { loadBalancerClass: 'example.com/other' })
  assert.equal(ours.apply(service('plain')).write, 'none')
  ours.apply(object)
  assert.equal(ours.shows('web'), '10.0.0.0@a')
})

test('a pool as large as IPv6 itself costs nothing', () => {
  assert.equal(gets([['p', ['::/0']]], { families: ['IPv6'] }), '::@p')
})

test('who asks for an address that no pool has is told so, also while more pools may come', () => {
  const configuration = readConfiguration({
    pools: [pool('a', ['10.0.0.0/24'])],
    advertisements: [],
    namespaces: [],
    reserved: [],
  })
  const state = createState({ ...configuration, incomplete: true }, null)
  const { finding } = reconcileService(state, service('s', asks('loadBalancerIPs', '10.9.9.9')))
  assert.equal(finding?.reason, 'AddressOutsidePools')
})
