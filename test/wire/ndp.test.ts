import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Announcer } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { formatMac } from '../../src/packet/index.ts'
import { bootTime, type Observation, Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { ask, type Cable, layCable, macOf, sh } from './cable.ts'
import {
  advertisement,
  ALL_NODES,
  solicitation,
  SOURCE_LINK,
  STRANGER,
  UNSPECIFIED,
  VIP,
} from './ndp-frames.ts'
import { startTap, type Tap } from './tap.ts'
import { until, untilJoined } from './until.ts'

const HELD = '2001:db8::50'
/** 2001:db8::60, as the frames have it. */
const WATCHED = '20010db8000000000000000000000060'

let cable: Cable
let tap: Tap
let responder: Responder
let observed: Observation[]

before(async () => {
  cable = layCable()
  cable.neighbour('ip link set eth0 address 02:00:00:00:00:99')
  tap = await startTap(cable.namespace)
})

after(async () => {
  await tap.end()
  cable.remove()
})

beforeEach(() => {
  observed = []
  responder = new Responder({ onObservations: (observations) => observed.push(...observations) })
  assert.deepEqual(responder.listenOn([cable.link()]), [])
})

afterEach(() => responder.stop())

function hold(...texts: string[]): void {
  const { index } = cable.link()
  responder.install({
    held: texts.map((text) => ({ address: addressOf(text), interfaceIndexes: [index] })),
    watched: [],
  })
  responder.resume(bootTime() + 60_000)
}

const askFor = (text: string): string | null => ask(cable.neighbour, 'eth0', text)
const ourMac = (): string => formatMac(cable.link().mac)
const isJoined = (group: string): boolean => cable.groups().includes(`33:33:ff:${group}`)
const notJoined = (): number => responder.counters().losses.groupsNotJoined

/** That many descriptors the process may have open; those that are stay so. Returns what undoes it. */
async function limitDescriptors(limit: number): Promise<() => Promise<void>> {
  const target = `prlimit --pid ${process.pid}`
  const before = sh(`${target} --nofile --noheadings --output SOFT`).trim()
  // Started while there still are descriptors for it.
  const shell = spawn('sh', { stdio: ['pipe', 'pipe', 'inherit'] })
  const set = async (soft: number | string): Promise<void> => {
    shell.stdin.write(`${target} --nofile=${soft}: && echo set\n`)
    await once(shell.stdout, 'data')
  }
  await set(limit)
  return async () => {
    await set(before)
    shell.stdin.end()
  }
}

test('a solicitation for a held address is answered with the MAC of the interface', () => {
  hold(HELD, '192.0.2.50')
  assert.equal(askFor(HELD), ourMac())
  assert.equal(askFor('192.0.2.50'), ourMac())
  // A neighbour on a busy machine asks more than once.
  const { requests = 0, responses = 0 } = responder.counters().addresses[HELD] ?? {}
  assert.ok(responses > 0 && requests === responses, `${responses} of ${requests}`)
})

test('an address that is not held is not answered', () => {
  hold('2001:db8::51')
  assert.equal(askFor('2001:db8::52'), null)
})

test('after the instant of validity there is silence', () => {
  hold(HELD)
  responder.resume(bootTime())
  assert.equal(askFor(HELD), null)
  assert.equal(responder.counters().frames.expired, 3)
})

test('a neighbour that asks us alone whether we are still there is answered', () => {
  hold(HELD)
  assert.equal(askFor(HELD), ourMac())
  cable.neighbour(`ip neigh change ${HELD} dev eth0 nud probe`)
  const shown = cable.neighbour(
    `for i in $(seq 200); do ip neigh show ${HELD} dev eth0 | grep -qE "REACHABLE|FAILED" && break; sleep 0.02; done; ip neigh show ${HELD} dev eth0`,
  )
  assert.match(shown, /REACHABLE/)
})

test('who tries to take a held address for itself finds it taken', () => {
  hold(HELD)
  cable.neighbour(`echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_dad; ip addr add ${HELD}/64 dev eth0`)
  const shown = cable.neighbour(
    `for i in $(seq 200); do ip addr show dev eth0 | grep -q "dadfailed" && break; sleep 0.02; done; ip addr show dev eth0`,
  )
  cable.neighbour(`ip addr del ${HELD}/64 dev eth0; echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad`)
  assert.match(shown, /2001:db8::50.*dadfailed/)
})

test('the groups of the held addresses are joined, and left with them', async () => {
  hold('2001:db8::12:3456', '2001:db8:1::12:3456', '2001:db8::77:7777')
  await untilJoined(responder)
  assert.ok(isJoined('12:34:56') && isJoined('77:77:77'))
  hold('2001:db8:1::12:3456')
  await until(() => !isJoined('77:77:77'), cable.groups)
  assert.ok(isJoined('12:34:56'))
  hold()
  await until(() => !isJoined('12:34:56'), cable.groups)
})

test('thousands of groups are joined', async () => {
  hold(...Array.from({ length: 3000 }, (_, n) => `2001:db8::1:${n.toString(16)}`))
  await untilJoined(responder)
  assert.equal(askFor('2001:db8::1:bb7'), ourMac())
})

test('groups that could not be joined are tried again', async () => {
  const interfaceIndexes = [cable.link().index]
  await untilJoined(responder)
  const undo = await limitDescriptors(1)
  try {
    const held = Array.from({ length: 1000 }, (_, n) => addressOf(`2001:db8::1:${n.toString(16)}`))
    responder.install({ held: held.map((address) => ({ address, interfaceIndexes })), watched: [] })
    // As many as one descriptor is good for are joined.
    await until(
      () => notJoined() < 900,
      () => `${notJoined()} groups`,
    )
    assert.ok(notJoined() > 0)
  } finally {
    await undo()
  }
  await untilJoined(responder)
  assert.ok(isJoined('01:03:e7'))
})

test('an unsolicited advertisement turns a wrong entry of the neighbour at once', () => {
  const { index } = cable.link()
  const announcer = new Announcer(cable.link(), () => 0.5)
  announcer.hold(addressOf('2001:db8::70'), 0)
  const frames = [...announcer.takeDue(0)]
  assert.equal(frames.length, 1)
  cable.neighbour('ip neigh replace 2001:db8::70 lladdr 02:00:00:00:00:99 dev eth0 nud stale')
  for (const { bytes } of frames) assert.equal(responder.send(index, bytes), true)
  assert.equal(macOf(cable.neighbour('ip neigh show 2001:db8::70')), ourMac())
})

/** Our next advertisement to the stranger, or to all nodes; those to the neighbour's kernel are passed over. */
async function nextReply(destination = STRANGER): Promise<string> {
  return await tap.next((frame) => frame.slice(76, 108) === destination && frame.slice(108, 110) === '88')
}

/** Why the frame was not answered: each has one fate, and the kernels get answers when they like. */
async function fateOf(frame: string): Promise<Record<string, number>> {
  await settle()
  const before = responder.counters().frames
  tap.send(frame)
  await settle()
  const { answered: _, ...now } = responder.counters().frames
  return Object.fromEntries(
    Object.entries(now)
      .map(([fate, count]) => [fate, count - (before[fate] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )
}

/** Frames keep their order: when this is answered, all before it was judged. */
async function settle(): Promise<void> {
  tap.send(solicitation({ target: PROBE, destination: ALL_NODES, ethernetDestination: '333300000001' }))
  await tap.next((frame) => frame.slice(76, 108) === STRANGER && frame.slice(124, 156) === PROBE)
}

/** 2001:db8::ff, held in all these tests. */
const PROBE = '20010db80000000000000000000000ff'
const holdBoth = (): void => hold(HELD, '2001:db8::ff')

test('the reply comes from the address, says that it was asked for, and overrides', async () => {
  holdBoth()
  tap.send(solicitation())
  const reply = await nextReply()
  const mac = ourMac().replaceAll(':', '')
  assert.equal(reply.slice(0, 28), `020000000099${mac}86dd`)
  assert.equal(reply.slice(28, 108), `6000000000203aff${VIP}${STRANGER}`)
  assert.equal(reply.slice(108, 112), '8800')
  assert.equal(reply.slice(116, 124), '60000000', 'S and O, not R')
  assert.equal(reply.slice(124), `${VIP}0201${mac}`)
})

test('the reply to a probe goes to all nodes, and says that it was not asked for', async () => {
  holdBoth()
  tap.send(solicitation({ source: UNSPECIFIED, options: '' }))
  const reply = await nextReply(ALL_NODES)
  const mac = ourMac().replaceAll(':', '')
  assert.equal(reply.slice(0, 12), '333300000001')
  assert.equal(reply.slice(28, 108), `6000000000203aff${VIP}${ALL_NODES}`)
  assert.equal(reply.slice(116, 124), '20000000', 'O only')
  assert.equal(reply.slice(124), `${VIP}0201${mac}`)
})

for (const [what, frame] of [
  [
    'to us alone',
    () => solicitation({ ethernetDestination: ourMac().replaceAll(':', ''), destination: VIP }),
  ],
  ['to us alone and without option', () => solicitation({ destination: VIP, options: '' })],
  ['to its group and without option', () => solicitation({ options: '' })],
  ['with options that we do not know', () => solicitation({ options: `${SOURCE_LINK}0e01000000000000` })],
  ['longer than it says', () => solicitation({ trailer: '00'.repeat(20) })],
] as const) {
  test(`a solicitation ${what} is answered`, async () => {
    holdBoth()
    tap.send(frame())
    assert.match(await nextReply(), new RegExp(VIP))
  })
}

for (const [fate, what, frame] of [
  ['wrongHopLimit', 'that passed a router', solicitation({ hopLimit: 254 })],
  ['badChecksum', 'with a wrong checksum', solicitation({ checksumError: 1 })],
  ['truncated', 'shorter than it says', solicitation({ lengthError: 1 })],
  ['malformed', 'without room for a target', solicitation({ lengthError: -9 })],
  ['malformed', 'with a code', solicitation({ code: 1 })],
  ['malformed', 'for a group', solicitation({ target: ALL_NODES })],
  ['malformed', 'from a group', solicitation({ source: ALL_NODES })],
  ['malformed', 'with an option without length', solicitation({ options: `${SOURCE_LINK}0100000000000000` })],
  [
    'malformed',
    'with an option longer than itself',
    solicitation({ options: `0102${SOURCE_LINK.slice(4)}` }),
  ],
  ['malformed', 'with a link address of 14 bytes', solicitation({ options: `0102${'02'.repeat(14)}` })],
  ['malformed', 'with a link address that is a group', solicitation({ options: '0101ffffffffffff' })],
  ['malformed', 'that probes, with a link address', solicitation({ source: UNSPECIFIED })],
  [
    'malformed',
    'that probes, to a single host',
    solicitation({ source: UNSPECIFIED, destination: VIP, options: '' }),
  ],
  ['otherHost', 'to another host', solicitation({ ethernetDestination: '020000000077' })],
  ['notHeld', 'for another address', solicitation({ target: STRANGER.replace(/.$/, '7') })],
] as const) {
  test(`a solicitation ${what} is not answered, and counted as ${fate}`, async () => {
    holdBoth()
    assert.deepEqual(await fateOf(frame), { [fate]: 1 })
  })
}

test('a solicited advertisement to a group is malformed', async () => {
  holdBoth()
  assert.deepEqual(await fateOf(advertisement({ flags: 0x60 })), { malformed: 1 })
})

for (const [what, frame, seen] of [
  ['an advertisement of a held address', advertisement(), [`announcement ${HELD} 02:00:00:00:00:99`]],
  [
    'an advertisement for another host than its sender',
    advertisement({ options: '0201020000000088' }),
    [`announcement ${HELD} 02:00:00:00:00:88`],
  ],
  [
    'an answer to us in the name of a held address',
    advertisement({ flags: 0x60, destination: VIP.replace('50', '01') }),
    [`reply ${HELD} 02:00:00:00:00:99`],
  ],
  [
    'a solicitation in the name of a held address',
    solicitation({ source: VIP, target: STRANGER }),
    [`request ${HELD} 02:00:00:00:00:99`],
  ],
  [
    'a probe for a watched address',
    solicitation({ source: UNSPECIFIED, options: '', target: WATCHED }),
    ['probe 2001:db8::60 02:00:00:00:00:99'],
  ],
  [
    'an advertisement of a watched address',
    advertisement({ source: WATCHED, target: WATCHED }),
    ['announcement 2001:db8::60 02:00:00:00:00:99'],
  ],
  ['a solicitation for a watched address', solicitation({ target: WATCHED }), []],
  ['a probe for a held address', solicitation({ source: UNSPECIFIED, options: '' }), []],
] as const) {
  test(`${what} is ${seen.length > 0 ? '' : 'not '}observed`, async () => {
    const { index } = cable.link()
    responder.install({
      held: [HELD, '2001:db8::ff'].map((text) => ({ address: addressOf(text), interfaceIndexes: [index] })),
      watched: [{ address: addressOf('2001:db8::60'), interfaceIndexes: [index] }],
    })
    responder.resume(bootTime() + 60_000)
    await fateOf(frame)
    await setImmediate()
    assert.deepEqual(
      observed.map(({ kind, address: about, mac }) => `${kind} ${formatAddress(about)} ${formatMac(mac)}`),
      seen,
    )
  })
}

test('the group of a watched address is joined, so that probes of others arrive', async () => {
  const { index } = cable.link()
  responder.install({
    held: [],
    watched: [{ address: addressOf('2001:db8::98:7654'), interfaceIndexes: [index] }],
  })
  await until(() => isJoined('98:76:54'), cable.groups)
})
