import assert from 'node:assert/strict'
import test from 'node:test'
import type { Service } from '../../src/api/index.ts'
import type { ServiceIntent } from '../../src/candidates/index.ts'
import type { Candidate } from '../../src/election/index.ts'
import type { Standing } from '../../src/speaker/standing.ts'
import { type ServiceOnNode, wantedCondition } from '../../src/speaker/wanted-condition.ts'

const V4 = '192.0.2.50'
const V6 = '2001:db8::50'
const SERVICE: Service = { spec: { type: 'LoadBalancer' } }
const announcedBy = (node: string): Service => ({
  ...SERVICE,
  status: {
    conditions: [
      {
        type: 'typemetal.io/Announced',
        status: 'True',
        reason: 'Announced',
        message: `node "${node}" announces it`,
        lastTransitionTime: '',
      },
    ],
  },
})
const CLUSTER_IP: Service = { spec: { type: 'ClusterIP' } }

const [a, b] = ['a', 'b'].map((node) => ({ node, score: 0 })) as [Candidate, Candidate]
const intent: ServiceIntent = { addresses: [], ips: [V4, V6], candidates: [a, b], interfacesOf: new Map() }
const on = (ip: string) => ({ ip, interfaces: ['eth0'], conflicts: [] })
const nowhere = { ip: V4, interfaces: [], conflicts: [] }
const full: Standing = [on(V4), on(V6)]

function wanted(node: string, given: Partial<ServiceOnNode>): unknown {
  const speakers = new Set(['b', 'a', 'c'])
  const found = { service: SERVICE, isOurs: true, intent: undefined, standing: [], ...given }
  const condition = wantedCondition(node, speakers, found)
  return typeof condition === 'string' ? condition : condition.reason
}

for (const [what, node, given, expected] of [
  ['a Service that this node holds is told of', 'b', { intent, standing: full }, 'Announced'],
  ['of a Service that another node holds nothing is told', 'a', { intent }, 'asItIs'],
  [
    'of two addresses the node with the first speaks for the Service',
    'b',
    { intent, standing: [on(V4)] },
    'Announced',
  ],
  ['and the one with the second does not', 'b', { intent, standing: [on(V6)] }, 'asItIs'],
  [
    'the first that may, and has no interface for it, says so',
    'a',
    { intent, standing: [nowhere] },
    'NoMatchingInterface',
  ],
  ['the others do not', 'b', { intent, standing: [nowhere] }, 'asItIs'],
  [
    'nor the first while another announces it',
    'a',
    { intent, standing: [nowhere], service: announcedBy('c') },
    'asItIs',
  ],
  [
    'who announced it, and has no interface any more, takes that back',
    'b',
    { intent, standing: [nowhere], service: announcedBy('b') },
    'NoMatchingInterface',
  ],
  [
    'and so does who is the last that could',
    'b',
    { intent: { ...intent, candidates: [b] }, standing: [nowhere], service: announcedBy('c') },
    'NoMatchingInterface',
  ],
  ['the first speaker cleans up what nobody announces', 'a', {}, 'absent'],
  ['the others leave that to it', 'b', {}, 'asItIs'],
  ['and so does a node without a speaker', 'A', {}, 'asItIs'],
  ['a Service of another class is left alone', 'a', { isOurs: false }, 'asItIs'],
  ['one that is no LoadBalancer any more is cleaned', 'a', { service: CLUSTER_IP, isOurs: false }, 'absent'],
] satisfies [string, string, Partial<ServiceOnNode>, string][]) {
  test(what, () => {
    assert.equal(wanted(node, given), expected)
  })
}
