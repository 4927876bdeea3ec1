import assert from 'node:assert/strict'
import test from 'node:test'
import type { ClusterObjects } from '../../src/cli/cluster.ts'
import { type Explanation, explainService } from '../../src/cli/explanation.ts'
import { showExplanation } from '../../src/cli/show.ts'
import { painter } from '../../src/cli/text.ts'
import { advertisement, pool } from '../config/objects.ts'
import {
  announces,
  clusterOf,
  condition,
  endpoints,
  node,
  NODES,
  NOW,
  programPod,
  service,
} from './objects.ts'

/** Of the first of the Services. */
function explained(parts: Partial<ClusterObjects>): Explanation {
  const cluster = clusterOf(parts)
  const [first] = cluster.services
  assert.ok(first)
  return explainService(first, cluster)
}

const conditions = [
  condition('typemetal.io/Allocated', 'True', 'Allocated', 'it has "192.0.2.100" of pool "lan"'),
  condition('typemetal.io/Announced', 'True', 'Announced', 'node "node-1" announces 192.0.2.100 on eth0'),
]
const web = service('web', { ips: ['192.0.2.100'], conditions })
const slices = [endpoints('web', NODES)]

test('of a Service that is served it tells who announces it, since when, and who is next', () => {
  const { state, candidates, endpoints } = explained({
    services: [web],
    slices,
    statuses: [announces('node-1', 'web')],
  })
  assert.equal(state, 'Announced')
  assert.deepEqual(endpoints, { serve: true, nodes: NODES })
  assert.deepEqual(
    candidates.map(({ place }) => place),
    [1, 2, 3],
  )
  const announcing = candidates.filter((candidate) => candidate.announces)
  assert.deepEqual(
    announcing.map(({ node, since }) => [node, since]),
    [['node-1', '2026-01-01T11:30:00Z']],
  )
})

test('of each node that may not announce it, it tells why', () => {
  const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
  const { candidates } = explained({
    services: [service('web', { ips: ['192.0.2.100'], spec: { externalTrafficPolicy: 'Local' } })],
    slices: [endpoints('web', ['node-1', 'node-2', 'node-4', 'node-5'])],
    pods: ['node-1', 'node-2', 'node-3', 'node-5', 'node-6'].map((name) => programPod('speaker', name)),
    advertisements: [
      advertisement('all', {
        nodeSelectors: [{ matchExpressions: [{ key: 'rack', operator: 'DoesNotExist' }] }],
      }),
    ],
    nodes: [
      node('node-1'),
      node('node-2', { labels: excluded }),
      node('node-3'),
      node('node-4'),
      node('node-5', { labels: { rack: 'b' } }),
      node('node-6', {
        spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
      }),
    ],
  })
  assert.deepEqual(Object.fromEntries(candidates.map(({ node, message }) => [node, message])), {
    'node-1': 'may announce it',
    'node-2': 'has the label node.kubernetes.io/exclude-from-external-load-balancers',
    'node-3': 'has no serving endpoint of the Service, and externalTrafficPolicy is Local',
    'node-4': 'has no speaker',
    'node-5': 'is selected by no L2Advertisement for this Service',
    'node-6': 'has the taint node.kubernetes.io/out-of-service',
  })
})

test('of a Service that waits it tells what each pool says', () => {
  const { state, reason, asksFor, pools } = explained({
    services: [service('web', { annotations: { 'metallb.io/allow-shared-ip': 'key' } })],
    pools: [
      pool('asked-only', ['192.0.2.120/32'], { autoAssign: false }),
      pool('drained', ['192.0.2.121/32'], { drain: true }),
      pool('reversed', ['192.0.2.9-192.0.2.1']),
      pool('theirs', ['192.0.2.123/32'], { serviceAllocation: { namespaces: ['other'] } }),
    ],
  })
  assert.deepEqual([state, reason], ['Pending', 'NoAddressAvailable'])
  assert.equal(asksFor, 'any IPv4 address, shared under the key "key"')
  assert.deepEqual(
    pools.map(({ pool, would }) => `${pool} ${would}`),
    ['asked-only false', 'drained false', 'reversed false', 'theirs false'],
  )
  const messages = pools.map(({ message }) => message).join('\n')
  assert.match(messages, /autoAssign is off.*\n.*draining.*\n.*refused.*\n.*excludes the Service's namespace/)
})

test('of a Service that the controller has not looked at it tells which address nothing stands against', () => {
  const { reason, message, pools } = explained({
    services: [service('web')],
    pods: [programPod('controller', 'node-1')],
  })
  assert.equal(reason, 'WaitingForController')
  assert.match(message, /192\.0\.2\.100 of pool "lan"/)
  assert.deepEqual(pools, [{ pool: 'lan', would: true, message: 'it has room' }])
})

test('it tells who has the address that a Service asks for', () => {
  const asking = service('asking', { annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.100' } })
  const { reason, message } = explained({ services: [asking, web] })
  assert.equal(reason, 'AddressInUse')
  assert.match(message, /default\/web/)
})

test('it tells with whom a Service shares its address', () => {
  const annotations = { 'metallb.io/allow-shared-ip': 'key' }
  const one = service('one', { ips: ['192.0.2.100'], annotations, spec: { ports: [{ port: 1 }] } })
  const other = service('other', { ips: ['192.0.2.100'], annotations, spec: { ports: [{ port: 2 }] } })
  assert.deepEqual(explained({ services: [one, other] }).sharedWith, ['default/other'])
})

test('of who may not see everything nothing is concluded, and what the Service says counts', () => {
  const unseen = [{ kind: 'IPAddressPool', message: 'forbidden', isUnknown: false }]
  const blind = { unseen, pools: [], nodes: [], advertisements: [], pods: [] }
  const told = condition('typemetal.io/Allocated', 'False', 'PoolExhausted', 'no available IPs in pool "lan"')
  const waiting = explained({ ...blind, services: [service('web', { conditions: [told] })] })
  assert.deepEqual([waiting.state, waiting.reason], ['Pending', 'PoolExhausted'])
  const served = explained({ ...blind, services: [web] })
  assert.deepEqual(
    [served.state, served.message],
    ['Announced', 'node "node-1" announces 192.0.2.100 on eth0'],
  )
  const silent = explained({ ...blind, services: [service('web')] })
  assert.deepEqual([silent.reason, silent.findings], ['CannotSee', []])
})

test('a Service of another type is nobody’s concern here', () => {
  const { state, reason, findings } = explained({
    services: [service('web', { spec: { type: 'ClusterIP' } })],
  })
  assert.deepEqual([state, reason, findings], ['Foreign', 'notLoadBalancer', []])
})

test('the class of the Services that are ours is read from the controller’s command line', () => {
  const pods = [
    programPod('controller', 'node-1', { args: ['--port=9120', '--lb-class=typemetal.io/l2'] }),
    ...NODES.map((name) => programPod('speaker', name)),
  ]
  const ours = service('ours', { spec: { loadBalancerClass: 'typemetal.io/l2' } })
  assert.equal(explained({ pods, services: [ours] }).state, 'Pending')
  assert.equal(explained({ pods, services: [service('web')] }).state, 'Foreign')
})

test('a person reads it as a text', () => {
  const events = [
    {
      metadata: {},
      involvedObject: {},
      type: 'Warning',
      reason: 'AllocationFailed',
      message: 'no\u001b[2J pool',
      count: 3,
      lastTimestamp: '2026-01-01T11:58:00Z',
    },
  ]
  const explanation = explained({
    services: [web],
    slices,
    statuses: [announces('node-1', 'web', ['eth0'])],
    events,
  })
  assert.equal(
    showExplanation(explanation, { paint: painter(false), now: NOW }),
    `Service       default/web
State         Announced
Addresses     192.0.2.100
Asks for      any IPv4 address
Allocation    it has "192.0.2.100" of pool "lan"
              pool "lan" is for all Services; it comes first for this Service
Announcement  node "node-1" announces 192.0.2.100 on eth0
Endpoints     serve, on node-1,node-2,node-3; policy Cluster

PLACE   NODE     INTERFACES
1       node-1   eth0         announces it, for 30m
2       node-3   all          may announce it
3       node-2   all          may announce it

AGE   EVENT
2m    AllocationFailed   x3   no\u{fffd}[2J pool
`,
  )
})
