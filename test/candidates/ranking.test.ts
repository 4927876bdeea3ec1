import assert from 'node:assert/strict'
import test from 'node:test'
import type { EndpointSlice, L2Advertisement, Node, Service } from '../../src/api/index.ts'
import { clusterView, explainIneligibility, explainWithheld, rankNodes } from '../../src/candidates/index.ts'
import { readConfiguration } from '../../src/config/index.ts'

const metallb = { apiVersion: 'metallb.io/v1beta1' } as const

function advertisement(spec: NonNullable<L2Advertisement['spec']>): L2Advertisement {
  return { ...metallb, kind: 'L2Advertisement', metadata: { name: 'lan' }, spec }
}

const NODES: Node[] = [
  {
    metadata: { name: 'excluded', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } },
  },
  {
    metadata: { name: 'fenced' },
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
  },
  { metadata: { name: 'good' } },
  { metadata: { name: 'preferred', labels: { fast: 'yes' } } },
  { metadata: { name: 'silent' } },
  { metadata: { name: 'offline' }, status: { conditions: [{ type: 'NetworkUnavailable', status: 'True' }] } },
  { metadata: { name: 'elsewhere', labels: { rack: 'other' } } },
]

function view(spec: NonNullable<L2Advertisement['spec']> | null) {
  const pool = {
    ...metallb,
    kind: 'IPAddressPool' as const,
    metadata: { name: 'lan' },
    spec: { addresses: ['10.0.0.0/24'] },
  }
  return clusterView({
    configuration: readConfiguration({
      pools: [pool],
      advertisements: spec === null ? [] : [advertisement(spec)],
      namespaces: [],
      reserved: [],
    }),
    nodes: NODES,
    speakers: new Set(
      NODES.flatMap(({ metadata }) => metadata?.name ?? []).filter((name) => name !== 'silent'),
    ),
    ignoreExcludeLabel: false,
  })
}

const SPEC = {
  nodeSelectors: [{ matchExpressions: [{ key: 'rack', operator: 'DoesNotExist' }] }],
  preferredNodeSelectors: [{ weight: 10, preference: { matchLabels: { fast: 'yes' } } }],
}

function service(spec = {}): Service {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'LoadBalancer', ...spec },
    status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
  }
}

function servingOn(...nodes: string[]): EndpointSlice[] {
  const endpoints = nodes.map((nodeName) => ({
    addresses: ['10.1.0.1'],
    nodeName,
    conditions: { ready: true },
  }))
  return [{ addressType: 'IPv4', endpoints }]
}

function told(result: ReturnType<typeof rankNodes>): string[] | string {
  if ('withheld' in result) return result.withheld
  return result.ranking.map(({ node, place, because }) => `${place ?? '-'} ${node} ${because ?? ''}`.trim())
}

test('every node is told its place, or what speaks against it', () => {
  assert.deepEqual(told(rankNodes(service(), servingOn('good'), view(SPEC))), [
    '1 preferred',
    '2 good',
    '- elsewhere NotSelected',
    '- excluded ExcludedByLabel',
    '- fenced OutOfService',
    '- offline NetworkUnavailable',
    '- silent NoSpeaker',
  ])
})

test('under the policy Local only nodes with a serving endpoint are candidates', () => {
  const local = service({ externalTrafficPolicy: 'Local' })
  assert.deepEqual(told(rankNodes(local, servingOn('good'), view(SPEC))).slice(0, 2), [
    '1 good',
    '- elsewhere NotSelected',
  ])
  assert.ok(told(rankNodes(local, servingOn('good'), view(SPEC))).includes('- preferred NoLocalEndpoint'))
})

test('while the endpoints are not known nothing is said against a node on their account', () => {
  const local = service({ externalTrafficPolicy: 'Local' })
  assert.deepEqual(told(rankNodes(local, null, view(SPEC))).slice(0, 2), ['1 preferred', '2 good'])
})

test('what keeps a Service from all nodes is told instead of a ranking', () => {
  assert.equal(told(rankNodes(service(), servingOn(), view(SPEC))), 'noEndpoints')
  assert.equal(told(rankNodes(service(), servingOn('good'), view(null))), 'NoMatchingAdvertisement')
  assert.equal(told(rankNodes({ ...service(), status: {} }, servingOn('good'), view(SPEC))), 'noIPAllocated')
})

test('each reason has a sentence', () => {
  assert.match(explainIneligibility('NoLocalEndpoint'), /externalTrafficPolicy is Local/)
  assert.match(explainWithheld('NoMatchingAdvertisement'), /create one/)
})
