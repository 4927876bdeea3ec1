import assert from 'node:assert/strict'
import test from 'node:test'
import type { EndpointSlice, IPAddressPool, L2Advertisement, Node, Service } from '../../src/api/index.ts'
import { readConfiguration } from '../../src/config/index.ts'
import { CombinedIntents } from '../../src/speaker/combine.ts'
import { clusterView, type ServiceIntent, serviceIntent } from '../../src/candidates/index.ts'
import { addressOf } from '../ip/address-of.ts'

const metallb = { apiVersion: 'metallb.io/v1beta1' } as const
const pool: IPAddressPool = {
  ...metallb,
  kind: 'IPAddressPool',
  metadata: { name: 'lan' },
  spec: { addresses: ['10.0.0.0/24'] },
}
const everywhere: L2Advertisement = {
  ...metallb,
  kind: 'L2Advertisement',
  metadata: { name: 'all' },
  spec: {},
}

const advertisement = (spec: NonNullable<L2Advertisement['spec']>): L2Advertisement => ({
  ...everywhere,
  spec,
})

const node = (name: string, labels = {}, networkUnavailable?: string): Node => ({
  metadata: { name, labels },
  status: {
    conditions: networkUnavailable ? [{ type: 'NetworkUnavailable', status: networkUnavailable }] : [],
  },
})

function view({
  advertisements = [everywhere],
  pools = [pool],
  nodes = ['node-a', 'node-b', 'node-c'].map((name) => node(name)),
  speakers = ['node-a', 'node-b', 'node-c'],
  ignoreExcludeLabel = false,
} = {}) {
  return clusterView({
    configuration: readConfiguration({ pools, advertisements, namespaces: [], reserved: [] }),
    nodes,
    speakers: new Set(speakers),
    ignoreExcludeLabel,
  })
}

function service(spec = {}, { ip = '10.0.0.1', annotations = {}, type = 'LoadBalancer' } = {}): Service {
  return {
    metadata: { name: 'web', namespace: 'default', annotations },
    spec: { type, ...spec },
    status: { loadBalancer: { ingress: ip === '' ? [] : [{ ip }] } },
  }
}

function endpoints(...list: { node?: string; ready?: boolean; serving?: boolean }[]): EndpointSlice[] {
  return [
    {
      addressType: 'IPv4',
      endpoints: list.map(({ node: nodeName, ready, serving }) => ({
        addresses: ['10.1.0.1'],
        ...(nodeName !== undefined && { nodeName }),
        conditions: { ...(ready !== undefined && { ready }), ...(serving !== undefined && { serving }) },
      })),
    },
  ]
}

const serving = endpoints({ node: 'node-a', ready: true })

function candidates(intent: ReturnType<typeof serviceIntent>): readonly string[] | string {
  return typeof intent === 'string' ? intent : intent.candidates.map(({ node }) => node)
}

test('the candidates come in MetalLB’s order: sha256 of node and address', () => {
  assert.deepEqual(candidates(serviceIntent(service(), serving, view())), ['node-b', 'node-a', 'node-c'])
  assert.deepEqual(candidates(serviceIntent(service({}, { ip: '10.0.0.2' }), serving, view())), [
    'node-b',
    'node-c',
    'node-a',
  ])
})

for (const [what, expected, intent] of [
  ['another type', 'notLoadBalancer', serviceIntent(service({}, { type: 'ClusterIP' }), serving, view())],
  ['no address', 'noIPAllocated', serviceIntent(service({}, { ip: '' }), serving, view())],
  ['garbage as address', 'invalidIP', serviceIntent(service({}, { ip: 'x' }), serving, view())],
  ['an address of no pool', 'ipNotAllowed', serviceIntent(service({}, { ip: '10.9.0.1' }), serving, view())],
  [
    'no endpoint that can serve',
    'noEndpoints',
    serviceIntent(service(), endpoints({ ready: false }), view()),
  ],
  [
    'no advertisement',
    'NoMatchingAdvertisement',
    serviceIntent(service(), serving, view({ advertisements: [] })),
  ],
  ['no speaker that is Ready', 'noEligibleNode', serviceIntent(service(), serving, view({ speakers: [] }))],
] as const) {
  test(`with ${what} nobody announces it, and the reason is ${expected}`, () => {
    assert.equal(intent, expected)
  })
}

for (const [what, endpoint, counts] of [
  ['is ready', { ready: true }, true],
  ['does not say', {}, true],
  ['is not ready', { ready: false }, false],
  ['terminates but still serves', { ready: false, serving: true }, true],
  ['terminates and serves no more', { ready: false, serving: false }, false],
] as const) {
  test(`an endpoint that ${what} ${counts ? 'counts' : 'does not count'}`, () => {
    const intent = candidates(serviceIntent(service(), endpoints(endpoint), view()))
    assert.equal(typeof intent === 'string', !counts)
  })
}

test('one endpoint in any of several slices is enough, and a Service without a selector may have them by hand', () => {
  const slices = [...endpoints({ ready: false }), ...endpoints(), ...endpoints({ ready: true })]
  assert.equal(candidates(serviceIntent(service(), slices, view())).length, 3)
})

test('with externalTrafficPolicy Local only nodes with a serving endpoint are candidates', () => {
  const slices = endpoints(
    { node: 'node-a', ready: true },
    { node: 'node-b', ready: false },
    { node: 'node-c', ready: false, serving: true },
  )
  assert.deepEqual(candidates(serviceIntent(service({ externalTrafficPolicy: 'Local' }), slices, view())), [
    'node-a',
    'node-c',
  ])
})

test('with externalTrafficPolicy Local an endpoint that says no node counts for none', () => {
  const local = service({ externalTrafficPolicy: 'Local' })
  assert.equal(serviceIntent(local, endpoints({ ready: true }), view()), 'noEligibleNode')
})

test('a node that is known to be shut down is no candidate', () => {
  const lost: Node = {
    ...node('node-b'),
    spec: {
      taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }],
    },
  }
  const cordoned: Node = {
    ...node('node-c'),
    spec: {
      unschedulable: true,
      taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
    },
  }
  const nodes = [node('node-a'), lost, cordoned]
  assert.deepEqual(candidates(serviceIntent(service(), serving, view({ nodes }))), ['node-a', 'node-c'])
})

const other: IPAddressPool = { ...pool, metadata: { name: 'other' }, spec: { addresses: ['10.0.1.0/24'] } }
const twoPools = { pools: [pool, other] }

test('the addresses have to belong to one pool, whatever the annotation says', () => {
  const ingress = [{ ip: '10.0.0.1' }, { ip: '10.0.1.1' }]
  const split: Service = { ...service(), status: { loadBalancer: { ingress } } }
  assert.equal(serviceIntent(split, serving, view(twoPools)), 'ipNotAllowed')
  const annotations = { 'metallb.io/ip-allocated-from-pool': 'other' }
  const elsewhere = advertisement({ ipAddressPools: ['other'] })
  assert.equal(
    serviceIntent(service({}, { annotations }), serving, view({ ...twoPools, advertisements: [elsewhere] })),
    'NoMatchingAdvertisement',
  )
})

test('only nodes that an advertisement selects are candidates, the preferred ones first', () => {
  const nodes = [node('node-a', { rack: '1' }), node('node-b'), node('node-c', { rack: '1', fast: '' })]
  const rack = { matchLabels: { rack: '1' } }
  const fast = { matchExpressions: [{ key: 'fast', operator: 'Exists' }] }
  const advertisements = [
    advertisement({ nodeSelectors: [rack], preferredNodeSelectors: [{ weight: 1, preference: fast }] }),
  ]
  assert.deepEqual(candidates(serviceIntent(service(), serving, view({ nodes, advertisements }))), [
    'node-c',
    'node-a',
  ])
})

for (const annotation of ['metallb.io/allow-shared-ip', 'metallb.universe.tf/allow-shared-ip']) {
  test(`a Service with ${annotation}, even empty, is not announced by what selects Services`, () => {
    const advertisements = [advertisement({ serviceSelectors: [{ matchLabels: { app: 'web' } }] })]
    const shared = service({}, { annotations: { [annotation]: '' } })
    shared.metadata = { ...shared.metadata, labels: { app: 'web' } }
    assert.equal(serviceIntent(shared, serving, view({ advertisements })), 'SharedAddressWithServiceSelector')
  })
}

test('both addresses of a dual-stack Service have the order of the first', () => {
  const ingress = [{ ip: '10.0.0.1' }, { ip: '2001:db8::1' }]
  const dual: Service = { ...service(), status: { loadBalancer: { ingress } } }
  const both: IPAddressPool = { ...pool, spec: { addresses: ['10.0.0.0/24', '2001:db8::/120'] } }
  const intent = serviceIntent(dual, serving, view({ pools: [both] }))
  assert.deepEqual(candidates(intent), ['node-b', 'node-a', 'node-c'])
  assert.deepEqual(typeof intent === 'string' ? intent : intent.ips, ['10.0.0.1', '2001:db8::1'])
})

test('nodes without network, or excluded from load balancers, are no candidates', () => {
  const label = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
  const nodes = [node('node-a', label), node('node-b', {}, 'True'), node('node-c', {}, 'False')]
  assert.deepEqual(candidates(serviceIntent(service(), serving, view({ nodes }))), ['node-c'])
  assert.deepEqual(candidates(serviceIntent(service(), serving, view({ nodes, ignoreExcludeLabel: true }))), [
    'node-a',
    'node-c',
  ])
})

test('with all pools gone what is announced stays announced', () => {
  assert.equal(candidates(serviceIntent(service(), serving, view({ pools: [] }))).length, 3)
})

test('a node may hold a shared address only if it may for all who share it; the oldest says in which order', () => {
  const intent = (...names: string[]): ServiceIntent => ({
    addresses: [addressOf('10.0.0.1')],
    ips: ['10.0.0.1'],
    candidates: names.map((node) => ({ node, score: 0, interfaces: node === 'a' ? ['eth0'] : ['eth1'] })),
  })
  const services = [
    { key: 'x/younger', uid: '1', created: '2026-02-01T00:00:00Z', intent: intent('c', 'b', 'a') },
    { key: 'x/older', uid: '2', created: '2026-01-01T00:00:00Z', intent: intent('a', 'c') },
  ]
  const combined = new CombinedIntents('a')
  for (const each of services) combined.change(undefined, each)
  assert.deepEqual(combined.all, [
    {
      address: addressOf('10.0.0.1'),
      candidates: [
        { node: 'a', score: 0, interfaces: ['eth0'] },
        { node: 'c', score: 0, interfaces: ['eth1'] },
      ],
      interfaces: ['eth0'],
      orderedBy: addressOf('10.0.0.1'),
    },
  ])
})

test('the node that the Service prefers comes before those that an advertisement prefers, if it may at all', () => {
  const fast = { matchLabels: { fast: 'yes' } }
  const seen = view({
    nodes: [node('node-a', { fast: 'yes' }), node('node-b'), node('node-c')],
    advertisements: [advertisement({ preferredNodeSelectors: [{ weight: 100, preference: fast }] })],
    speakers: ['node-a', 'node-b'],
  })
  const preferring = (name: string) =>
    serviceIntent(service({}, { annotations: { 'typemetal.io/preferred-node': name } }), serving, seen)
  assert.deepEqual(candidates(preferring('node-b')), ['node-b', 'node-a'])
  assert.deepEqual(candidates(preferring('node-c')), ['node-a', 'node-b']) // it has no speaker
  assert.deepEqual(candidates(preferring('nowhere')), ['node-a', 'node-b'])
})
