import assert from 'node:assert/strict'
import test from 'node:test'
import { NOTHING_REPORTED, type Report } from '../../src/speaker/intents.ts'
import {
  findingOf,
  type News,
  newSince,
  newsOf,
  type Standing,
  standingsOf,
} from '../../src/speaker/standing.ts'

const V4 = '192.0.2.50'
const V6 = '2001:db8::50'
const MAC = '02:00:00:00:99:99'

function standing(report: Partial<Report>, ...ips: readonly string[]): Standing {
  const standings = standingsOf({ ...NOTHING_REPORTED, ...report })
  return ips.flatMap((ip) => standings.get(ip) ?? [])
}

const held = (ip: string, ...interfaces: readonly string[]) => ({
  ip,
  interfaces,
  since: '2026-01-01T00:00:00.000Z',
})
const conflict = (isAnnounced: boolean, node: string | null = null) => ({
  ip: V4,
  interface: 'eth0',
  mac: MAC,
  node,
  isAnnounced,
})

const nothing: Standing = []
const announced = standing({ held: [held(V4, 'eth0')] }, V4)
const dual = standing({ held: [held(V4, 'eth0'), held(V6, 'eth0', 'eth1')] }, V4, V6)
const taken = standing({ conflicts: [conflict(false)] }, V4)
const contested = standing({ held: [held(V4, 'eth0')], conflicts: [conflict(true)] }, V4)
const takenByNode = standing({ conflicts: [conflict(false, 'b')] }, V4)
const contestedByNode = standing({ held: [held(V4, 'eth0')], conflicts: [conflict(true, 'b')] }, V4)
const halfTaken = standing({ held: [held(V4, 'eth1')], conflicts: [conflict(false)] }, V4)
const unplaced = standing({ unplaced: [V4] }, V4)
const halfPlaced = standing({ held: [held(V6, 'eth0')], unplaced: [V4] }, V6, V4)

for (const [what, now, status, reason, message] of [
  ['an address that is announced', announced, 'True', 'Announced', 'node "a" announces 192.0.2.50 on eth0'],
  [
    'two that are',
    dual,
    'True',
    'Announced',
    'node "a" announces 192.0.2.50 on eth0 and 2001:db8::50 on eth0, eth1',
  ],
  [
    'one that somebody had already',
    taken,
    'False',
    'AddressConflict',
    'node "a": 192.0.2.50 is not announced on eth0, because 02:00:00:00:99:99 has it there; it will be when that has gone',
  ],
  [
    'one that somebody uses too',
    contested,
    'True',
    'AddressConflict',
    'node "a": 192.0.2.50 is announced, but 02:00:00:00:99:99 on eth0 uses it as well: find out whose that is',
  ],
  [
    'one that the kernel of another node had already',
    takenByNode,
    'False',
    'AddressConflict',
    'node "a": 192.0.2.50 is not announced on eth0, because 02:00:00:00:99:99, which is node "b", has it there; it will be when that has gone',
  ],
  [
    'one that the kernel of another node answers for too',
    contestedByNode,
    'True',
    'AddressConflict',
    'node "a": 192.0.2.50 is announced, but 02:00:00:00:99:99 on eth0, which is node "b", uses it as well: look for who has added it to that node',
  ],
  [
    'one that somebody has on one of two LANs',
    halfTaken,
    'True',
    'AddressConflict',
    'node "a": 192.0.2.50 is not announced on eth0, because 02:00:00:00:99:99 has it there; it will be when that has gone',
  ],
  [
    'one without an interface, beside one that is announced',
    halfPlaced,
    'False',
    'NoMatchingInterface',
    'node "a": none of its interfaces can announce 192.0.2.50: see the interfaces of the L2Advertisement, and which are up',
  ],
] as const) {
  test(`the condition of ${what} is ${status}, ${reason}`, () =>
    assert.deepEqual(findingOf('a', now), { status, reason, message }))
}

/** What is told when this was so, and then that. */
function told(before: Standing, now: Standing, wasFirst = true, isFirst = true): readonly News[] {
  return newSince(newsOf('a', before, wasFirst), newsOf('a', now, isFirst))
}

for (const [what, before, now, reasons] of [
  ['what is announced from now on', nothing, announced, ['nodeAssigned']],
  ['nothing of what goes on', announced, announced, []],
  ['nothing when another interface comes', announced, standing({ held: [held(V4, 'eth0', 'eth1')] }, V4), []],
  ['nothing of what ends', announced, nothing, []],
  ['an address that somebody has', nothing, taken, ['AddressConflict']],
  ['nothing while he has it', taken, taken, []],
  ['when he is gone only that it is announced', taken, announced, ['nodeAssigned']],
  ['somebody who appears later', announced, contested, ['AddressConflict']],
  [
    'another one after him',
    taken,
    standing({ conflicts: [{ ...conflict(false), mac: '02:00:00:00:88:88' }] }, V4),
    ['AddressConflict'],
  ],
  ['that no interface fits, and claims nothing', nothing, unplaced, ['announceFailed']],
  ['that an interface is gone', announced, unplaced, ['announceFailed']],
  ['of each address its own', nothing, halfPlaced, ['nodeAssigned', 'announceFailed']],
] as const) {
  test(`events tell ${what}`, () =>
    assert.deepEqual(
      told(before, now).map(({ reason }) => reason),
      reasons,
    ))
}

test('the event of an announcement has node and protocol in double quotes, as scripts expect it', () => {
  assert.deepEqual(told(nothing, announced), [
    { type: 'Normal', reason: 'nodeAssigned', message: 'announcing from node "a" with protocol "layer2"' },
  ])
})

test('that an address has no interface is told by the first candidate alone', () => {
  assert.deepEqual(told(nothing, unplaced, false, false), [])
})

test('also when it becomes that only later', () => {
  assert.deepEqual(
    told(unplaced, unplaced, false, true).map(({ reason }) => reason),
    ['announceFailed'],
  )
  assert.deepEqual(told(unplaced, unplaced), [])
})
