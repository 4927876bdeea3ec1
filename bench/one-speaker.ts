// What the election costs one speaker at rest: frames and bytes that it sends, processor time, by size of the segment. The
// others are played: their hellos are real bytes, decoded, checked and taken in; the time to make them is not counted.
import { randomBytes } from 'node:crypto'
import { DEFAULT_SETTINGS, Instance, type Intent } from '../src/election/index.ts'
import {
  type Hello,
  type HelloClaim,
  type Sealing,
  decodeHello,
  encodeHello,
  frameHello,
  helloKey,
} from '../src/packet/index.ts'

const SECONDS = 10
const WARM_UP_SECONDS = 5
/** Longer than the longest dead interval. */
const DEATH_MS = 3000
const MAC = 0x02_00_00_00_00_01

const sealing: Sealing = { cluster: '00c0ffee00c0ffee', keys: [helloKey(randomBytes(32))] }

export interface SpeakerCost {
  readonly framesPerSecond: number
  readonly bytesPerSecond: number
  /** Of one processor, %. */
  readonly processor: number
  /** ms that the loop was busy at a time, when one of the others died. */
  readonly longest: number
}

/** A peer that holds `held`, and says so as the protocol asks: each claim once a second. */
interface Peer {
  readonly node: string
  readonly instance: string
  readonly held: readonly HelloClaim[]
  sequence: number
}

function helloOf(peer: Peer, interval: number, quorum: boolean): Uint8Array {
  const perHello = Math.ceil((peer.held.length * interval) / 1000)
  const start = (peer.sequence * perHello) % Math.max(peer.held.length, 1)
  const hello: Hello = {
    instance: peer.instance,
    node: peer.node,
    sequence: ++peer.sequence,
    deadInterval: Math.max(375, Math.ceil(4.5 * interval)),
    listening: false,
    leaving: false,
    gone: false,
    stale: false,
    quorum,
    asking: false,
    claims: peer.held.slice(start, start + perHello),
  }
  return encodeHello(hello, sealing)
}

/** Every speaker holds an even share; the first one is measured, the others are played. */
export function costOfSpeaker(speakers: number, addresses: number): SpeakerCost {
  const names = Array.from({ length: speakers }, (_, index) => `worker-${String(index).padStart(3, '0')}`)
  const intents = Array.from({ length: addresses }, (_, index): Intent => {
    const first = index % speakers
    const candidates = [...names.slice(first), ...names.slice(0, first)].slice(0, 10)
    return {
      address: { family: 'IPv4', value: 0x0a00_0000n + BigInt(index) },
      candidates: candidates.map((node) => ({ node, score: 0 })),
    }
  })
  const peers = names.slice(1).map((node, index): Peer => ({
    node,
    instance: randomBytes(8).toString('hex'),
    held: intents
      .filter((_, address) => address % speakers === index + 1)
      .map(({ address }) => ({ address, state: 'active', epoch: 2 ** 31 })),
    sequence: 0,
  }))
  const interval = Math.max(50, Math.min(speakers - 1, 500))
  const instance = new Instance({
    node: names[0] ?? '',
    instance: randomBytes(8).toString('hex'),
    settings: DEFAULT_SETTINGS,
    random: Math.random,
  })
  instance.setIntents(intents, false, 0)
  instance.setLinkUp(true, 0)
  const end = (WARM_UP_SECONDS + SECONDS) * 1000
  let [frames, bytes, ms, longest] = [0, 0, 0, 0]
  for (let now = 0; now < end + DEATH_MS; now++) {
    const isCounted = now >= WARM_UP_SECONDS * 1000 && now < end
    const living = now < end ? peers : peers.slice(1)
    const arriving = living.filter((_, index) => (now + index) % interval === 0)
    const payloads = arriving.map((peer) => helloOf(peer, interval, now > 2000))
    const started = busy()
    for (const payload of payloads) {
      const received = decodeHello(payload, sealing)
      if (typeof received === 'object') instance.receive(received.hello, MAC + 1, now)
    }
    if (instance.nextAt <= now) instance.tick(now)
    const sent = instance
      .takeOutput()
      .hellos.map((hello) => frameHello(MAC, null, encodeHello(hello, sealing)))
    if (now >= end) longest = Math.max(longest, busy() - started)
    if (!isCounted) continue
    ms += busy() - started
    frames += sent.length
    for (const { length } of sent) bytes += length
  }
  return {
    framesPerSecond: frames / SECONDS,
    bytesPerSecond: bytes / SECONDS,
    processor: ms / SECONDS / 10,
    longest,
  }
}

/** ms of processor time; a busy machine does not spoil it as it would spoil the clock's. */
function busy(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
