import assert from 'node:assert/strict'
import test from 'node:test'
import type { Condition, Service } from '../../src/api/index.ts'
import type { ServiceIntent } from '../../src/candidates/index.ts'
import { says } from '../../src/kube/index.ts'
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

const candidate = (node: string) => ({ node, score: 0, interfaces: null })
const [a, b, dead] = [candidate('a'), candidate('b'), candidate('d')]
const intent: ServiceIntent = { addresses: [], ips: [V4, V6], candidates: [a, b] }
const on = (ip: string) => ({ ip, interfaces: ['eth0'], conflicts: [] })
const nowhere = { ip: V4, interfaces: [], conflicts: [] }
const full: Standing = [on(V4), on(V6)]

/** Of a, b, c, and x that is heard, but not Ready. */
const SPEAKERS = { ready: new Set(['b', 'a', 'c']), heard: new Set(['x']) }

function wanted(node: string, given: Partial<ServiceOnNode>): unknown {
  const found = {
    service: SERVICE,
    isOurs: true,
    intent: undefined,
    standing: [],
    isNews: false,
    ...given,
  }
  const condition = wantedCondition(node, SPEAKERS, found)
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
    'the first that lives says so when the first is no more',
    'b',
    { intent: { ...intent, candidates: [dead, b] }, standing: [nowhere] },
    'NoMatchingInterface',
  ],
  [
    'who takes over from another says so at once',
    'b',
    { intent, standing: full, service: announcedBy('a'), isNews: true },
    'Announced',
  ],
  [
    'who announces it beside another leaves what that one said',
    'b',
    { intent, standing: full, service: announcedBy('a') },
    'asItIs',
  ],
  [
    'who announced it, and does no longer, waits for who does now',
    'b',
    { intent, service: announcedBy('b') },
    'absentIfItStays',
  ],
  ['and takes back at once what nobody may announce', 'b', { service: announcedBy('b') }, 'absent'],
  ['what another said is his to take back', 'a', { service: announcedBy('c') }, 'asItIs'],
  ['as long as he is heard, even if he is not Ready', 'a', { intent, service: announcedBy('x') }, 'asItIs'],
  [
    'the first speaker takes back what a dead one said',
    'a',
    { service: announcedBy('d') },
    'absentIfItStays',
  ],
  ['also of a Service that may be announced', 'a', { intent, service: announcedBy('d') }, 'absentIfItStays'],
  ['the others leave that to it', 'b', { service: announcedBy('d') }, 'asItIs'],
  ['and it does so for who is not Ready itself', 'b2', { service: announcedBy('d') }, 'asItIs'],
  ['where nothing is shown there is nothing to take back', 'a', {}, 'asItIs'],
  ['a Service of another class is left alone', 'a', { isOurs: false, service: announcedBy('a') }, 'asItIs'],
  [
    'one that is no LoadBalancer any more is cleaned',
    'a',
    { service: { ...announcedBy('a'), ...CLUSTER_IP }, isOurs: false },
    'absent',
  ],
] satisfies [string, string, Partial<ServiceOnNode>, string][]) {
  test(what, () => {
    assert.equal(wanted(node, given), expected)
  })
}

const taken = {
  ip: V4,
  interfaces: [],
  conflicts: [{ ip: V4, interface: 'eth1', mac: 'm', node: null, isAnnounced: false }],
}

/** What the condition is after each write, if every node looks at it again and again; after a change of each. */
function history(standings: readonly (readonly [string, Standing])[]): Condition[] {
  const shown: Condition[] = []
  for (let look = 0; look < 5 * standings.length; look++) {
    const [node, standing] = standings[look % standings.length] as readonly [string, Standing]
    const service: Service = { ...SERVICE, status: { conditions: shown.slice(-1) } }
    const isNews = look < standings.length
    const wanted = wantedCondition(node, SPEAKERS, { service, isOurs: true, intent, standing, isNews })
    if (typeof wanted === 'string' || says(shown.at(-1), wanted)) continue
    shown.push({ type: 'typemetal.io/Announced', ...wanted, lastTransitionTime: '' })
  }
  return shown
}

for (const [what, ofA, ofB, expected] of [
  ['two that announce it', full, full, ['True', 'True']],
  ['one that announces it, and one that may not', full, [taken], ['True']],
  ['one that may not, and one that announces it', [taken], full, ['False', 'True']],
  ['two that may not', [taken], [taken], ['False', 'False']],
  ['one without an interface, and one that may not', [nowhere], [taken], ['False', 'False']],
  ['two without an interface', [nowhere], [nowhere], ['False']],
] satisfies [string, Standing, Standing, string[]][]) {
  test(`${what} do not overwrite each other for ever`, () => {
    const shown = history([
      ['a', ofA],
      ['b', ofB],
    ])
    assert.deepEqual(
      shown.map(({ status }) => status),
      expected,
    )
  })
}
