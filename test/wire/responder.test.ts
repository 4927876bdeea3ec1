import assert from 'node:assert/strict'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { TableEntry } from '../../src/wire/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import {
  type ArpFrame,
  BROADCAST_MAC,
  decodeArp,
  encodeArp,
  formatMac,
  gratuitousArp,
} from '../../src/packet/index.ts'
import { bootTime, type Observation, type ReceivedFrame, Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { ask, type Cable, layCable, sh } from './cable.ts'
import { startTap, type Tap } from './tap.ts'

const LONG_MS = 60_000
const STRANGER = 0x02_00_00_00_00_99

let cable: Cable
let spare: Cable
let tap: Tap
let responder: Responder
let observed: Observation[]
let hellos: ReceivedFrame[]

before(async () => {
  cable = layCable()
  spare = layCable()
  cable.neighbour(`ip link set eth0 address ${formatMac(STRANGER)}`)
  tap = await startTap(cable.namespace)
})

after(async () => {
  await tap.end()
  cable.remove()
  spare.remove()
})

beforeEach(() => {
  observed = []
  hellos = []
  responder = new Responder({
    onObservations: (observations) => observed.push(...observations),
    onHellos: (frames) => hellos.push(...frames),
  })
  assert.deepEqual(responder.listenOn([cable.link(), spare.link()]), [])
})

afterEach(() => {
  responder.stop()
})

function hold(...texts: string[]): void {
  install(texts, [])
}

function install(held: readonly string[], watched: readonly string[], { link }: Cable = cable): void {
  const entries = (texts: readonly string[]): TableEntry[] =>
    texts.map((text) => ({ address: addressOf(text), interfaceIndexes: [link().index] }))
  responder.install({ held: entries(held), watched: entries(watched) })
  responder.resume(bootTime() + LONG_MS)
}

const askFor = (text: string): string | null => ask(cable.neighbour, 'eth0', text)
const ourMac = (): string => formatMac(cable.link().mac)

/** A request as the stranger would send it. */
function request(changes: Partial<ArpFrame> = {}): string {
  const frame: ArpFrame = {
    destination: BROADCAST_MAC,
    source: STRANGER,
    operation: 'request',
    senderMac: STRANGER,
    senderAddress: addressOf('192.0.2.9'),
    targetMac: 0,
    targetAddress: addressOf('192.0.2.50'),
    ...changes,
  }
  return Buffer.from(encodeArp(frame)).toString('hex')
}

/** With an 802.1Q tag after the MACs. */
function tagged(frame: string, vlan: number): string {
  return `${frame.slice(0, 24)}8100${vlan.toString(16).padStart(4, '0')}${frame.slice(24)}`
}

/** The next reply of ours to `asker`; all others are passed over. */
async function nextReply(asker = '192.0.2.9'): Promise<Uint8Array> {
  const isToAsker = (bytes: Uint8Array): boolean => {
    const frame = decodeArp(bytes)
    return frame?.operation === 'reply' && formatAddress(frame.targetAddress) === asker
  }
  return bytesOf(await tap.next((frame) => isToAsker(bytesOf(frame))))
}

let settled = 0

/** Sends, and waits until all of it was judged: frames keep their order, so when the last one is answered. */
async function sendAndSettle(...frames: string[]): Promise<void> {
  const asker = `198.18.0.${++settled}`
  tap.send(...frames, request({ senderAddress: addressOf(asker) }))
  await nextReply(asker)
}

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

async function fateOf(...frames: string[]): Promise<Record<string, number>> {
  await sendAndSettle(...frames)
  const { answered, ...others } = responder.counters().frames
  assert.equal(answered, 1)
  return Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0))
}

test('a held address is answered with the MAC of the interface', () => {
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.50'), ourMac())
  // A neighbour on a busy machine asks more than once.
  const { requests = 0, responses = 0 } = responder.counters().addresses['192.0.2.50'] ?? {}
  assert.ok(responses > 0 && requests === responses, `${responses} of ${requests}`)
})

test('an address that is not held is not answered', () => {
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.51'), null)
  assert.equal(responder.counters().frames.notHeld, 3)
})

test('an address held on another interface is not answered on this one', () => {
  install(['192.0.2.50'], [], spare)
  assert.equal(askFor('192.0.2.50'), null)
  assert.equal(responder.counters().frames.wrongInterface, 3)
  assert.equal(ask(spare.neighbour, 'eth0', '192.0.2.50'), formatMac(spare.link().mac))
})

test('an address taken out of the table is not answered any more, and others go on with their counters', () => {
  hold('192.0.2.50', '192.0.2.51')
  assert.equal(askFor('192.0.2.51'), ourMac())
  const before = responder.counters().addresses['192.0.2.51']?.responses ?? 0
  hold('192.0.2.51')
  assert.equal(askFor('192.0.2.50'), null)
  const { addresses } = responder.counters()
  assert.deepEqual(Object.keys(addresses), ['192.0.2.51'])
  // On a busy machine the neighbour asks again before it has read the answer, and the last of it is counted late.
  assert.ok(before > 0 && (addresses['192.0.2.51']?.responses ?? 0) >= before)
})

test('what has come is delivered when that is asked for, before the event loop gets to it', () => {
  cable.neighbour('ip route replace 224.0.0.0/4 dev eth0')
  cable.neighbour('bash -c "echo > /dev/udp/224.0.0.254/7946"')
  for (const end = performance.now() + 5000; hellos.length === 0 && performance.now() < end;)
    responder.deliver()
  assert.equal(hellos.length, 1)
})

test('an interface that is not listened on any more is not answered on', () => {
  hold('192.0.2.50')
  responder.listenOn([spare.link()])
  assert.equal(askFor('192.0.2.50'), null)
  responder.listenOn([spare.link(), cable.link()])
  assert.equal(askFor('192.0.2.50'), ourMac())
})

test('an interface that was down answers again when it is up', () => {
  const { name } = cable.link()
  hold('192.0.2.50')
  sh(`ip link set ${name} down; ip link set ${name} up`)
  assert.equal(askFor('192.0.2.50'), ourMac())
})

test('an interface with another MAC answers with that one', () => {
  const { name, mac } = cable.link()
  hold('192.0.2.50')
  sh(`ip link set ${name} address 02:00:00:00:00:55`)
  responder.listenOn([cable.link()])
  assert.equal(askFor('192.0.2.50'), '02:00:00:00:00:55')
  sh(`ip link set ${name} address ${formatMac(mac)}`)
})

test('an interface that is deleted while it is listened on costs no processor time', async () => {
  const gone = layCable()
  responder.listenOn([cable.link(), gone.link()])
  gone.remove()
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.50'), ourMac())
  const before = process.cpuUsage()
  await sleep(500)
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 250_000, `${user + system} µs of 500 ms`)
})

test('nothing is answered before the first resume', () => {
  responder.install({
    held: [{ address: addressOf('192.0.2.50'), interfaceIndexes: [cable.link().index] }],
    watched: [],
  })
  assert.equal(askFor('192.0.2.50'), null)
  assert.equal(responder.counters().frames.expired, 3)
})

test('after its instant of validity it is silent, extending does not help, resuming does', () => {
  hold('192.0.2.50')
  responder.resume(bootTime())
  assert.equal(askFor('192.0.2.50'), null)
  assert.equal(responder.extend(bootTime() + LONG_MS), false)
  assert.equal(askFor('192.0.2.50'), null)
  responder.resume(bootTime() + LONG_MS)
  assert.equal(responder.extend(bootTime() + LONG_MS), true)
  assert.equal(askFor('192.0.2.50'), ourMac())
})

test('the reply goes to who asked, padded with zeros', async () => {
  hold('192.0.2.50')
  tap.send(request())
  const reply = await nextReply()
  assert.deepEqual(decodeArp(reply), {
    destination: STRANGER,
    source: cable.link().mac,
    operation: 'reply',
    senderMac: cable.link().mac,
    senderAddress: addressOf('192.0.2.50'),
    targetMac: STRANGER,
    targetAddress: addressOf('192.0.2.9'),
  })
  assert.deepEqual(
    [...reply.subarray(42)],
    Array.from({ length: 18 }, () => 0),
  )
})

test('a probe (sender 0.0.0.0) is answered', async () => {
  hold('192.0.2.50')
  tap.send(request({ senderAddress: addressOf('0.0.0.0') }))
  assert.equal(decodeArp(await nextReply('0.0.0.0'))?.destination, STRANGER)
})

for (const [what, frame] of [
  ['a request to our own MAC', () => request({ destination: cable.link().mac })],
  ['a request longer than it says', () => request() + 'ff'.repeat(200)],
  ['a request with a priority tag (VLAN 0)', () => tagged(request(), 0xe000)],
] as const) {
  test(`${what} is answered`, async () => {
    hold('192.0.2.50')
    tap.send(frame())
    assert.equal(decodeArp(await nextReply())?.destination, STRANGER)
  })
}

for (const [fate, what, frame] of [
  ['vlan', 'a request of VLAN 5', () => tagged(request(), 5)],
  ['otherHost', 'a request to another MAC', () => request({ destination: 0x02_00_00_00_00_77 })],
  ['otherHost', 'a request to a multicast MAC', () => request({ destination: 0x01_00_5e_00_00_01 })],
  ['ownFrame', 'a request from our own MAC', () => request({ source: cable.link().mac })],
  ['notRequest', 'a reply', () => request({ operation: 'reply' })],
  [
    'notRequest',
    'an announcement of another address',
    () => hexOf(gratuitousArp('request', STRANGER, addressOf('192.0.2.9'))),
  ],
  ['notRequest', 'an unknown operation', () => request().replace('080006040001', '080006040003')],
  ['truncated', 'a frame that ends early', () => request().slice(0, 2 * 41)],
  ['malformed', 'a frame that is not for IPv4', () => request().replace('0001080006', '000186dd06')],
  ['malformed', 'a frame with other address lengths', () => request().replace('08000604', '08000610')],
  ['malformed', 'a sender that is a group', () => request({ senderMac: BROADCAST_MAC })],
] as const) {
  test(`${what} is not answered, and counted as ${fate}`, async () => {
    hold('192.0.2.50')
    assert.deepEqual(await fateOf(frame()), { [fate]: 1 })
  })
}

/** What is observed of these frames, and the kernel of the neighbour's own is not. */
async function observationsOf(...frames: string[]): Promise<string[]> {
  await sendAndSettle(...frames)
  await setImmediate()
  return observed.map(({ kind, address: about, mac, interfaceIndex }) => {
    assert.equal(interfaceIndex, cable.link().index)
    return `${kind} ${formatAddress(about)} ${formatMac(mac)}`
  })
}

const ours = { senderAddress: addressOf('192.0.2.50') }
const watched = { senderAddress: addressOf('192.0.2.60') }
const MAC = formatMac(STRANGER)

for (const [what, frame, seen] of [
  [
    'an announcement by request',
    () => hexOf(gratuitousArp('request', STRANGER, ours.senderAddress)),
    `announcement 192.0.2.50 ${MAC}`,
  ],
  [
    'an announcement by reply',
    () => hexOf(gratuitousArp('reply', STRANGER, ours.senderAddress)),
    `announcement 192.0.2.50 ${MAC}`,
  ],
  [
    'an announcement of a watched address',
    () => hexOf(gratuitousArp('request', STRANGER, watched.senderAddress)),
    `announcement 192.0.2.60 ${MAC}`,
  ],
  [
    'a reply in the name of a held address',
    () => request({ ...ours, operation: 'reply', targetAddress: addressOf('192.0.2.1') }),
    `reply 192.0.2.50 ${MAC}`,
  ],
  [
    'a reply in the name of a watched address',
    () => request({ ...watched, operation: 'reply', targetAddress: addressOf('0.0.0.0') }),
    `reply 192.0.2.60 ${MAC}`,
  ],
  [
    'a request in the name of a held address',
    () => request({ ...ours, targetAddress: addressOf('192.0.2.77') }),
    `request 192.0.2.50 ${MAC}`,
  ],
  [
    'a probe for a watched address',
    () => request({ senderAddress: addressOf('0.0.0.0'), targetAddress: watched.senderAddress }),
    `probe 192.0.2.60 ${MAC}`,
  ],
] as const) {
  test(`${what} is observed, with the MAC, and not answered`, async () => {
    install(['192.0.2.50'], ['192.0.2.60'])
    assert.deepEqual(await observationsOf(frame()), [seen])
    assert.equal(responder.counters().frames.answered, 1)
  })
}

for (const [what, frame] of [
  ['a request for a watched address', () => request({ targetAddress: watched.senderAddress })],
  ['a probe for a held address', () => request({ senderAddress: addressOf('0.0.0.0') })],
  [
    'an announcement of another address',
    () => hexOf(gratuitousArp('reply', STRANGER, addressOf('192.0.2.9'))),
  ],
  ['an announcement with our own MAC', () => request({ ...ours, senderMac: cable.link().mac })],
] as const) {
  test(`${what} is nothing to observe`, async () => {
    install(['192.0.2.50'], ['192.0.2.60'])
    assert.deepEqual(await observationsOf(frame()), [])
  })
}

test('an address that is held elsewhere may be announced by others here', async () => {
  const { index } = spare.link()
  responder.install({
    held: [
      { address: addressOf('192.0.2.50'), interfaceIndexes: [cable.link().index] },
      { address: addressOf('192.0.2.51'), interfaceIndexes: [index] },
    ],
    watched: [{ address: addressOf('192.0.2.52'), interfaceIndexes: [index] }],
  })
  responder.resume(bootTime() + LONG_MS)
  const claims = ['192.0.2.51', '192.0.2.52'].map((text) => gratuitousArp('reply', STRANGER, addressOf(text)))
  assert.deepEqual(await observationsOf(...claims.map(hexOf)), [])
})

test('a watched address is not answered, and held it is', () => {
  install([], ['192.0.2.50'])
  assert.equal(askFor('192.0.2.50'), null)
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.50'), ourMac())
})

test('who shouts is heard once, others beside it, and what was left out is counted', async () => {
  hold('192.0.2.50')
  const shout = hexOf(gratuitousArp('reply', STRANGER, ours.senderAddress))
  const other = hexOf(gratuitousArp('reply', 0x02_00_00_00_00_98, ours.senderAddress))
  const seen = await observationsOf(...Array.from({ length: 500 }, () => shout), other)
  const { observationsRepeated, observationsLost } = responder.counters().losses
  assert.equal(seen.length + observationsRepeated, 501)
  assert.ok(new Set(seen).size === 2 && seen.length < 100, `${seen.length} observations`)
  assert.equal(observationsLost, 0)
})

test('many who shout cost a bounded number of observations', async () => {
  hold('192.0.2.50')
  const shouts = Array.from({ length: 3000 }, (_, n) =>
    gratuitousArp('reply', 0x02_00_00_01_00_00 + n, ours.senderAddress),
  )
  const seen = await observationsOf(...shouts.map(hexOf))
  const { observationsLost } = responder.counters().losses
  assert.equal(seen.length + observationsLost, 3000)
  assert.ok(seen.length >= 1024)
})

test('an interface that does not exist is a failure with its name, and the others are listened on', () => {
  const gone = { ...cable.link(), index: 9999, name: 'gone0' }
  const failures = responder.listenOn([gone, cable.link()])
  assert.deepEqual(failures, [{ interface: 'gone0', message: 'bind to interface 9999: No such device' }])
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.50'), ourMac())
})

test('a frame cannot be sent on an interface that is not listened on', () => {
  assert.equal(responder.send(9999, new Uint8Array(60)), false)
})
