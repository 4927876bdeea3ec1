import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type Address, formatAddress, parseAddress } from '../../src/ip/index.ts'
import {
  type ArpFrame,
  BROADCAST_MAC,
  decodeArp,
  encodeArp,
  formatMac,
  gratuitousArp,
} from '../../src/packet/index.ts'
import { bootTime, type Observation, Responder } from '../../src/wire/index.ts'
import { ask, type Cable, layCable, sh } from './cable.ts'
import { type Peer, startPeer } from './peer.ts'

const LONG_MS = 60_000
const STRANGER = 0x02_00_00_00_00_99

let cable: Cable
let spare: Cable
let peer: Peer
let responder: Responder
let observed: Observation[]
let onObserved: () => void = () => {}

before(async () => {
  cable = layCable()
  spare = layCable()
  cable.neighbour(`ip link set eth0 address ${formatMac(STRANGER)}`)
  peer = await startPeer(cable.namespace, '192.0.2.50')
})

after(async () => {
  await peer.end()
  cable.remove()
  spare.remove()
})

beforeEach(() => {
  observed = []
  responder = new Responder({
    onObservations: (observations) => {
      observed.push(...observations)
      onObserved()
    },
  })
  assert.deepEqual(responder.listenOn([cable.link(), spare.link()]), [])
})

afterEach(() => {
  onObserved = () => {}
  responder.stop()
})

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === null) throw new Error(`${text} is no address`)
  return parsed
}

function hold(...texts: string[]): void {
  const { index } = cable.link()
  responder.install(texts.map((text) => ({ address: address(text), interfaceIndexes: [index] })))
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
    senderAddress: address('192.0.2.9'),
    targetMac: 0,
    targetAddress: address('192.0.2.50'),
    ...changes,
  }
  return Buffer.from(encodeArp(frame)).toString('hex')
}

/** With an 802.1Q tag after the MACs. */
function tagged(frame: string, vlan: number): string {
  return `${frame.slice(0, 24)}8100${vlan.toString(16).padStart(4, '0')}${frame.slice(24)}`
}

/** The next reply to one of our requests; those to the neighbour's kernel are passed over. */
async function nextReply(): Promise<Uint8Array> {
  for (;;) {
    const bytes = Buffer.from((await peer.next('seen')).seen, 'hex')
    const frame = decodeArp(bytes)
    assert.equal(frame?.operation, 'reply')
    if (formatAddress(frame.targetAddress) !== '192.0.2.2') return bytes
  }
}

/** Sends what is refused, then a request that is answered: frames keep their order, so the count is complete. */
async function fateOf(...frames: string[]): Promise<Record<string, number>> {
  for (const send of [...frames, request()]) peer.order({ send })
  await nextReply()
  const { dropped: _, answered, ...others } = responder.counters().frames as Record<string, number>
  assert.equal(answered, 1)
  return Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0))
}

test('a held address is answered with the MAC of the interface', () => {
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.50'), ourMac())
  assert.deepEqual(responder.counters().addresses, { '192.0.2.50': { requests: 1, responses: 1 } })
})

test('an address that is not held is not answered', () => {
  hold('192.0.2.50')
  assert.equal(askFor('192.0.2.51'), null)
  assert.equal(responder.counters().frames.notHeld, 3)
})

test('an address held on another interface is not answered on this one', () => {
  responder.install([{ address: address('192.0.2.50'), interfaceIndexes: [spare.link().index] }])
  responder.resume(bootTime() + LONG_MS)
  assert.equal(askFor('192.0.2.50'), null)
  assert.equal(responder.counters().frames.wrongInterface, 3)
  assert.equal(ask(spare.neighbour, 'eth0', '192.0.2.50'), formatMac(spare.link().mac))
})

test('an address taken out of the table is not answered any more, and others go on with their counters', () => {
  hold('192.0.2.50', '192.0.2.51')
  assert.equal(askFor('192.0.2.51'), ourMac())
  hold('192.0.2.51')
  assert.equal(askFor('192.0.2.50'), null)
  assert.deepEqual(responder.counters().addresses, { '192.0.2.51': { requests: 1, responses: 1 } })
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
  responder.install([{ address: address('192.0.2.50'), interfaceIndexes: [cable.link().index] }])
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
  peer.order({ send: request() })
  const reply = await nextReply()
  assert.deepEqual(decodeArp(reply), {
    destination: STRANGER,
    source: cable.link().mac,
    operation: 'reply',
    senderMac: cable.link().mac,
    senderAddress: address('192.0.2.50'),
    targetMac: STRANGER,
    targetAddress: address('192.0.2.9'),
  })
  assert.deepEqual(
    [...reply.subarray(42)],
    Array.from({ length: 18 }, () => 0),
  )
})

for (const [what, frame] of [
  ['a probe (sender 0.0.0.0)', () => request({ senderAddress: address('0.0.0.0') })],
  ['a request to our own MAC', () => request({ destination: cable.link().mac })],
  ['a request with a priority tag (VLAN 0)', () => tagged(request(), 0xe000)],
] as const) {
  test(`${what} is answered`, async () => {
    hold('192.0.2.50')
    peer.order({ send: frame() })
    assert.equal(decodeArp(await nextReply())?.destination, STRANGER)
  })
}

for (const [fate, what, frame] of [
  ['vlan', 'a request of VLAN 5', () => tagged(request(), 5)],
  ['otherHost', 'a request to another MAC', () => request({ destination: 0x02_00_00_00_00_77 })],
  ['otherHost', 'a request to a multicast MAC', () => request({ destination: 0x01_00_5e_00_00_01 })],
  ['ownFrame', 'a request from our own MAC', () => request({ source: cable.link().mac })],
  ['notRequest', 'a reply', () => request({ operation: 'reply' })],
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

test('who else announces a held address is observed, and not answered', async () => {
  hold('192.0.2.50')
  const seen = new Promise<void>((resolve) => (onObserved = resolve))
  const frame = gratuitousArp('request', STRANGER, address('192.0.2.50'))
  peer.order({ send: Buffer.from(frame).toString('hex') })
  await seen
  const [observation] = observed
  assert.equal(observation?.interfaceIndex, cable.link().index)
  assert.equal(decodeArp(observation?.frame ?? new Uint8Array())?.senderMac, STRANGER)
  const { answered, conflict } = responder.counters().frames
  assert.deepEqual({ answered, conflict }, { answered: 0, conflict: 1 })
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
