import assert from 'node:assert/strict'
import test from 'node:test'
import type { Service } from '../../src/api/index.ts'
import type { ServiceIntent } from '../../src/candidates/index.ts'
import type { Standing } from '../../src/speaker/standing.ts'
import { type ServiceOnNode, wantedCondition } from '../../src/speaker/wanted-condition.ts'

const V4 = '192.0.2.50'
const V6 = '2001:db8::50'
const SERVICE: Service = { spec: { type: 'LoadBalancer' } }
const CLUSTER_IP: Service = { spec: { type: 'ClusterIP' } }

const intent: ServiceIntent = { addresses: [], ips: [V4, V6], candidates: ['a'], interfacesOf: new Map() }
const on = (ip: string) => ({ ip, interfaces: ['eth0'], conflicts: [] })
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
  ['nothing is told before all addresses are known', 'a', { intent, standing: [on(V4)] }, 'asItIs'],
  ['the first speaker cleans up what nobody announces', 'a', {}, 'absent'],
  ['the others leave that to it', 'b', {}, 'asItIs'],
  ['and so does a node without a speaker that is Ready', 'A', {}, 'asItIs'],
  ['a Service of another class is left alone', 'a', { isOurs: false }, 'asItIs'],
  ['one that is no LoadBalancer any more is cleaned', 'a', { service: CLUSTER_IP, isOurs: false }, 'absent'],
] satisfies [string, string, Partial<ServiceOnNode>, string][]) {
  test(what, () => {
    assert.equal(wanted(node, given), expected)
  })
}
