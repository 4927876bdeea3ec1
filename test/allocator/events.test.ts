import assert from 'node:assert/strict'
import test from 'node:test'
import { type ServiceEvent, reconcileService } from '../../src/allocator/index.ts'
import { pool } from '../config/objects.ts'
import { Cluster, type ServiceSpec, asks, assigned, both, service } from './cluster.ts'

const lan = pool('lan', ['10.0.0.0/24'])

/** The events of the first look at a Service. */
function eventsOf(
  spec: ServiceSpec,
  { pools = [lan], name = 'web', ips = [] as string[] } = {},
): ServiceEvent[] {
  const taken = service('holder', asks('loadBalancerIPs', '10.0.0.99'))
  const cluster = new Cluster(pools, [taken])
  const object = ips.length > 0 ? assigned(name, ips, 'lan', spec) : service(name, spec)
  return [...cluster.apply(object).events]
}

test('each event has the reason and type that scripts for MetalLB look for, and names the cause', () => {
  const cases: [string, ServiceEvent['type'], RegExp, ServiceEvent[]][] = [
    ['IPAllocated', 'Normal', /^Assigned IP \["10.0.0.0"\]$/, eventsOf({})],
    ['ClearAssignment', 'Normal', /"10.1.0.7".*not allowed in config/, eventsOf({}, { ips: ['10.1.0.7'] })],
    ['AdditionalAssignFailed', 'Normal', /second IP to "default\/web".*for IPv6/, eventsOf(both).slice(1)],
    [
      'AllocationFailed',
      'Warning',
      /"default\/web": unknown pool "no"/,
      eventsOf(asks('address-pool', 'no')),
    ],
    [
      'nolbIPsIPFamily',
      'Warning',
      /"10.0.0.1", "10.0.0.2".*not one IP/,
      eventsOf({}, { ips: ['10.0.0.1', '10.0.0.2'] }).slice(1),
    ],
    ['AllocationFailed', 'Warning', /no available IPs.*create one/, eventsOf({}, { pools: [] })],
    [
      'AllocationFailed',
      'Warning',
      /no available IPs in pool "lan"/,
      eventsOf({ families: ['IPv6'], ...asks('address-pool', 'lan') }),
    ],
    ['AllocationFailed', 'Warning', /no available IPs for IPv6 in "lan"/, eventsOf({ families: ['IPv6'] })],
    [
      'AllocationFailed',
      'Warning',
      /"192.0.2.1" is not allowed in config/,
      eventsOf(asks('loadBalancerIPs', '192.0.2.1')),
    ],
    [
      'AllocationFailed',
      'Warning',
      /can't change sharing key.*also in use by "default\/holder"/,
      eventsOf(asks('loadBalancerIPs', '10.0.0.99')),
    ],
    [
      'AllocationFailed',
      'Warning',
      /does not match the ipFamily/,
      eventsOf(asks('loadBalancerIPs', 'fd00::1')),
    ],
    [
      'AllocationFailed',
      'Warning',
      /not compatible with requested address pool "no"/,
      eventsOf(
        { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.5', 'metallb.io/address-pool': 'no' } },
        { pools: [lan, pool('no', ['10.8.0.0/32'])] },
      ),
    ],
    [
      'AllocationFailed',
      'Warning',
      /"10.0.0" is not an IP address/,
      eventsOf(asks('loadBalancerIPs', '10.0.0')),
    ],
    [
      'AllocationFailed',
      'Warning',
      /more than two addresses/,
      eventsOf(asks('loadBalancerIPs', '10.0.0.1,fd00::1,fd00::2')),
    ],
    [
      'AllocationFailed',
      'Warning',
      /two addresses of the same family/,
      eventsOf(asks('loadBalancerIPs', '10.0.0.1,10.0.0.2')),
    ],
    [
      'AllocationFailed',
      'Warning',
      /both the annotation .* and spec.loadBalancerIP/,
      eventsOf({ ...asks('loadBalancerIPs', '10.0.0.1'), loadBalancerIP: '10.0.0.1' }),
    ],
    [
      'LoadBalancerFailed',
      'Warning',
      /^"10.0.0" is not an IP address; it keeps "10.0.0.1"$/,
      eventsOf(asks('loadBalancerIPs', '10.0.0'), { ips: ['10.0.0.1'] }),
    ],
    [
      'not enough clusterips',
      'Warning',
      /RequireDualStack needs two cluster IPs/,
      eventsOf({ policy: 'RequireDualStack' }),
    ],
    ['noclusterIPsIPFamily', 'Warning', /"10.96.0.1,10.96.0.1"/, eventsOf({ families: ['IPv4', 'IPv4'] })],
    [
      'deprecatedAnnotation',
      'Warning',
      /metallb.universe.tf\/address-pool is deprecated/,
      eventsOf({ annotations: { 'metallb.universe.tf/address-pool': 'lan' } }).slice(1),
    ],
  ]
  for (const [reason, type, message, [event]] of cases) {
    assert.deepEqual([event?.reason, event?.type], [reason, type], event?.message)
    assert.match(event?.message ?? '', message)
  }
})

test('an assignment that stays and a refusal that is known are not told again', () => {
  const cluster = new Cluster([lan], [service('web', both), service('waits', asks('address-pool', 'no'))])
  const told = cluster.events.length
  for (const key of ['default/web', 'default/waits', 'default/web']) cluster.reconcile(key)
  const restarted = new Cluster([lan], [...cluster.services.values()])
  assert.equal(cluster.events.length, told)
  assert.deepEqual(restarted.events, [], 'nor by the next controller')
})

test('a deprecated annotation is told only where something is written', () => {
  const old = { annotations: { 'metallb.universe.tf/address-pool': 'lan' } }
  const cluster = new Cluster([lan], [service('web', old)])
  assert.equal(cluster.events.filter((event) => event.includes('deprecatedAnnotation')).length, 1)
  cluster.reconcile('default/web')
  assert.equal(cluster.events.filter((event) => event.includes('deprecatedAnnotation')).length, 1)
})

test('what is taken away is told with the write that takes it, though that be tried again', () => {
  const cluster = new Cluster([lan], [])
  const object = assigned('web', ['10.1.0.7'], 'old')
  const reasons = (): string[] => reconcileService(cluster.state, object).events.map(({ reason }) => reason)
  assert.deepEqual(reasons(), ['ClearAssignment', 'IPAllocated'])
  assert.deepEqual(reasons(), ['ClearAssignment', 'IPAllocated'], 'the first write met a conflict')
  cluster.services.set('default/web', object)
  cluster.reconcile('default/web')
  assert.deepEqual(cluster.reconcile('default/web').events, [])
})

test('what was taken away while no controller ran is told by the next', () => {
  const cluster = new Cluster([lan], [assigned('web', ['10.1.0.7'], 'old')])
  assert.match(cluster.events[0] ?? '', /^web ClearAssignment: .*"10.1.0.7".*no pool has it/)
})
