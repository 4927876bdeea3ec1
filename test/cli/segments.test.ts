import assert from 'node:assert/strict'
import test from 'node:test'
import { checkSegments } from '../../src/cli/check-segments.ts'
import type { Hearing } from '../../src/status/index.ts'
import { advertisement } from '../config/objects.ts'
import { clusterOf, node, NODES } from './objects.ts'

type Heard = Exclude<Hearing, { problem: string }>
type Peer = Heard['peers'][number]
type Segment = Heard['segments'][number]

const eth0: Segment = {
  interface: 'eth0',
  isUp: true,
  isListening: false,
  hasQuorum: true,
  peers: 2,
  disputed: [],
}

function peer(node: string, parts: Partial<Peer> = {}): Peer {
  return {
    interface: 'eth0',
    node,
    instance: `of-${node}`,
    mac: `02:00:00:00:00:0${node.at(-1)}`,
    isListening: false,
    isLeaving: false,
    isStale: false,
    hasQuorum: true,
    isDeaf: false,
    held: 0,
    ...parts,
  }
}

/** `node` hears those with these digits. */
function hearing(node: string, hears: string, segments: readonly Segment[] = [eth0]): Heard {
  return { node, facts: null, segments, peers: hears.split('').map((digit) => peer(`node-${digit}`)) }
}

/** What a speaker tells of its node, which has these interfaces that can announce. */
function factsOf(node: string, ...interfaces: readonly { name: string; isUp?: boolean }[]): Heard['facts'] {
  return {
    node,
    version: '0.1.0',
    interfaces: interfaces.map(({ name, isUp = true }) => ({
      name,
      mac: `02:00:00:00:00:0${node.at(-1)}`,
      mtu: 1500,
      isUp,
      networks: [],
      rpFilter: 'loose',
      isDefault: false,
    })),
    gateways: [],
  }
}

/** One that takes part in no election, as nothing may be announced there. */
function idle(node: string, ...interfaces: readonly { name: string; isUp?: boolean }[]): Heard {
  return { ...hearing(node, '', []), facts: factsOf(node, ...interfaces) }
}

const WELL = [hearing('node-1', '23'), hearing('node-2', '13'), hearing('node-3', '12')]

function found(hearings: readonly Hearing[], cluster = clusterOf()): string[] {
  return checkSegments(cluster, hearings).map(({ level, reason, object }) => `${level} ${reason} ${object}`)
}

test('of speakers that all hear each other there is nothing to say', () => {
  assert.deepEqual(found(WELL), [])
  assert.deepEqual(found([]), [])
})

test('a node on a segment of its own is no pair with those that nobody hears together with it', () => {
  const apart = { ...hearing('node-4', '5'), peers: [peer('node-5')] }
  assert.deepEqual(found([...WELL, apart, hearing('node-5', '4')]), [])
})

const cases: readonly [title: string, hearings: readonly Hearing[], expected: readonly string[]][] = [
  [
    'a node that hears one that does not hear it',
    [hearing('node-1', '3'), hearing('node-2', '13'), hearing('node-3', '12')],
    ['error HeardOneWay Node node-1'],
  ],
  [
    'two that do not hear each other, while a third hears both',
    [hearing('node-1', '3'), hearing('node-2', '3'), hearing('node-3', '12')],
    ['error NotHeard Node node-1'],
  ],
  [
    'a speaker that hears nobody, and that nobody hears',
    [hearing('node-1', ''), hearing('node-2', '3'), hearing('node-3', '2')],
    ['warning HearsNobody Node node-1'],
  ],
  [
    'a speaker without an interface that is up',
    [hearing('node-1', '', [{ ...eth0, isUp: false }]), hearing('node-2', '3'), hearing('node-3', '2')],
    ['warning NoSegment Node node-1'],
  ],
  [
    'a segment on which less than half are heard',
    [hearing('node-1', '23', [{ ...eth0, hasQuorum: false }]), ...WELL.slice(1)],
    ['warning NoQuorum Node node-1'],
  ],
  [
    'a speaker that others call deaf, or that has had no word of the API server',
    [
      {
        ...hearing('node-1', ''),
        peers: [peer('node-2', { isDeaf: true }), peer('node-3', { isStale: true })],
      },
      ...WELL.slice(1),
    ],
    ['warning DeafSpeaker Node node-2', 'warning StaleSpeaker Node node-3'],
  ],
  [
    'two nodes with one MAC',
    [{ ...hearing('node-1', ''), peers: [peer('node-2'), peer('node-3', { mac: '02:00:00:00:00:02' })] }],
    ['error DuplicateMAC Node node-2 and node-3'],
  ],
  [
    'a speaker that could not be asked',
    [{ node: 'node-1', problem: 'no answer' }, ...WELL.slice(1)],
    ['note SpeakerNotAsked Node node-1'],
  ],
]

for (const [title, hearings, expected] of cases) {
  test(`what the speakers say shows ${title}`, () => assert.deepEqual(found(hearings), expected))
}

test('of a node that announces nothing on purpose, and of who is left alone by it, there is nothing to say', () => {
  const excluded = { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }
  const cluster = clusterOf({ nodes: [node('node-1', excluded), node('node-2')] })
  const alone = hearing('node-2', '')
  assert.deepEqual(found([idle('node-1', { name: 'eth0' }), alone], cluster), [])
  assert.deepEqual(found([idle('node-1', { name: 'eth0', isUp: false }), alone], cluster), [])
})

test('where there is nothing to announce yet, speakers without an election are well, and told where no link is up', () => {
  const cluster = clusterOf({ pools: [], advertisements: [advertisement('vlan', { interfaces: ['eth0'] })] })
  const all = NODES.map((name) => idle(name, { name: 'eth0' }))
  assert.deepEqual(found(all, cluster), [])
  assert.deepEqual(found([idle('node-1', { name: 'eth0', isUp: false }), ...all.slice(1)], cluster), [
    'warning NoSegment Node node-1',
  ])
  assert.deepEqual(found([hearing('node-1', '', []), ...all.slice(1)], cluster), []) // it tells no interfaces
})

test('an advertisement that names an interface that no node has is told, once all have told theirs', () => {
  const cluster = clusterOf({ advertisements: [advertisement('vlan', { interfaces: ['eth0', 'eth0.7'] })] })
  const told = WELL.map((each) => ({ ...each, facts: factsOf(each.node, { name: 'eth0' }) }))
  assert.deepEqual(found(told, cluster), ['warning NoSuchInterface L2Advertisement vlan'])
  const unasked = { node: 'node-1', problem: 'no answer' }
  assert.deepEqual(found([unasked, ...told.slice(1)], cluster), ['note SpeakerNotAsked Node node-1'])
  assert.deepEqual(found(WELL, cluster), [])
})
