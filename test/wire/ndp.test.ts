import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Announcer } from '../../src/announcer/index.ts'
import { type Address, parseAddress } from '../../src/ip/index.ts'
import { formatMac } from '../../src/packet/index.ts'
import { bootTime, Responder } from '../../src/wire/index.ts'
import { ask, type Cable, layCable, macOf } from './cable.ts'
import { startTap, type Tap } from './tap.ts'

const VIP = '2001:db8::50'

let cable: Cable
let tap: Tap
let responder: Responder

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
  responder = new Responder({ onObservations: () => {} })
  assert.deepEqual(responder.listenOn([cable.link()]), [])
})

afterEach(() => responder.stop())

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === null) throw new Error(`${text} is no address`)
  return parsed
}

function hold(...texts: string[]): void {
  const { index } = cable.link()
  responder.install({
    held: texts.map((text) => ({ address: address(text), interfaceIndexes: [index] })),
    watched: [],
  })
  responder.resume(bootTime() + 60_000)
}

const askFor = (text: string): string | null => ask(cable.neighbour, 'eth0', text)
const ourMac = (): string => formatMac(cable.link().mac)
const groups = (): string => cable.groups()

test('a solicitation for a held address is answered with the MAC of the interface', () => {
  hold(VIP, '192.0.2.50')
  assert.equal(askFor(VIP), ourMac())
  assert.equal(askFor('192.0.2.50'), ourMac())
  assert.deepEqual(responder.counters().addresses[VIP], { requests: 1, responses: 1 })
})

test('an address that is not held is not answered', () => {
  hold('2001:db8::51')
  assert.equal(askFor('2001:db8::52'), null)
})

test('after the instant of validity there is silence', () => {
  hold(VIP)
  responder.resume(bootTime())
  assert.equal(askFor(VIP), null)
  assert.equal(responder.counters().frames.expired, 3)
})

test('a neighbour that asks us alone whether we are still there is answered', () => {
  hold(VIP)
  assert.equal(askFor(VIP), ourMac())
  cable.neighbour(`ip neigh change ${VIP} dev eth0 nud probe`)
  const shown = cable.neighbour(
    `for i in $(seq 200); do ip neigh show ${VIP} dev eth0 | grep -qE "REACHABLE|FAILED" && break; sleep 0.02; done; ip neigh show ${VIP} dev eth0`,
  )
  assert.match(shown, /REACHABLE/)
})

test('who tries to take a held address for itself finds it taken', () => {
  hold(VIP)
  cable.neighbour(`echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_dad; ip addr add ${VIP}/64 dev eth0`)
  const shown = cable.neighbour(
    `for i in $(seq 200); do ip addr show dev eth0 | grep -q "dadfailed" && break; sleep 0.02; done; ip addr show dev eth0`,
  )
  cable.neighbour(`ip addr del ${VIP}/64 dev eth0; echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad`)
  assert.match(shown, /2001:db8::50.*dadfailed/)
})

test('the groups of the held addresses are joined, and left with them', () => {
  hold('2001:db8::12:3456', '2001:db8:1::12:3456', '2001:db8::77:7777')
  assert.match(groups(), /ff02::1:ff12:3456/)
  hold('2001:db8:1::12:3456')
  assert.match(groups(), /ff02::1:ff12:3456/)
  assert.doesNotMatch(groups(), /ff02::1:ff77:7777/)
  hold()
  assert.doesNotMatch(groups(), /ff02::1:ff12:3456/)
})

test('thousands of groups are joined', () => {
  hold(...Array.from({ length: 3000 }, (_, n) => `2001:db8::1:${n.toString(16)}`))
  assert.equal(responder.counters().losses.groupsNotJoined, 0)
  assert.equal(askFor('2001:db8::1:bb7'), ourMac())
})

test('an unsolicited advertisement turns a wrong entry of the neighbour at once', () => {
  const announcer = new Announcer({ seed: 1 })
  announcer.update([{ address: address('2001:db8::70'), interfaces: null }], [cable.link()], 0)
  const frames = announcer.takeDue(0)
  assert.equal(frames.length, 1)
  cable.neighbour('ip neigh replace 2001:db8::70 lladdr 02:00:00:00:00:99 dev eth0 nud stale')
  for (const { interfaceIndex, bytes } of frames) assert.equal(responder.send(interfaceIndex, bytes), true)
  assert.equal(macOf(cable.neighbour('ip neigh show 2001:db8::70')), ourMac())
})

/** From 02:00:00:00:00:99 and 2001:db8::9, for the held address; the checksum is right. */
const SOLICITATION =
  '3333ff00005002000000009986dd' + // Ethernet
  '6000000000203aff20010db8000000000000000000000009ff0200000000000000000001ff000050' + // IPv6
  '87001aeb0000000020010db8000000000000000000000050' +
  '0101020000000099' // source link-layer address

/** The option's length (its second byte) and the checksum that makes up for it. */
function withOptionLength(length: number): string {
  const checksum = (Number.parseInt(SOLICITATION.slice(112, 116), 16) + 1 - length).toString(16)
  return `${SOLICITATION.slice(0, 112)}${checksum}${SOLICITATION.slice(116, 158)}0${length}${SOLICITATION.slice(160)}`
}

for (const [fate, what, frame] of [
  ['wrongHopLimit', 'that passed a router', SOLICITATION.replace('3aff', '3afe')],
  ['badChecksum', 'with a wrong checksum', SOLICITATION.replace(/.$/, '8')],
  ['truncated', 'shorter than it says', SOLICITATION.slice(0, -2)],
  ['malformed', 'with an option without length', withOptionLength(0)],
  ['malformed', 'with an option longer than itself', withOptionLength(2)],
] as const) {
  test(`a solicitation ${what} is not answered, and counted as ${fate}`, async () => {
    hold(VIP)
    const before = responder.counters().frames
    tap.send(frame, SOLICITATION)
    await answered()
    const now = responder.counters().frames
    assert.equal((now[fate] ?? 0) - (before[fate] ?? 0), 1)
    assert.equal(now.answered, 1)
  })
}

/** Waits for our answer: frames keep their order, so all before it was judged. Those to the kernel are passed over. */
async function answered(): Promise<void> {
  await tap.next((frame) => frame.slice(76, 108) === '20010db8000000000000000000000009')
}
