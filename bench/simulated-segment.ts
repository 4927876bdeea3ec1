// A whole segment of speakers, each with the real election, on a perfect LAN with virtual time: how long until every
// address is held again after some of them are lost. Loss, delay and all the rest are what test/simulation is for.
import { DEFAULT_SETTINGS, candidateOrder, Instance, type Intent } from '../src/election/index.ts'
import { formatAddress } from '../src/ip/index.ts'
import type { Hello } from '../src/packet/index.ts'

const MAC = 0x02_00_00_00_00_01
/** Of an address, in a segment of more: the others are never reached. */
const MOST_CANDIDATES = 100
const CONVERGE_LIMIT_MS = 30_000
/** A rollout starts one after the other. */
const START_INTERVAL_MS = 5
const LISTEN_MS = 4000

interface Speaker {
  readonly node: string
  readonly mac: number
  readonly instance: Instance
  readonly startsAt: number
  isLost: boolean
}

export class SimulatedSegment {
  readonly #speakers: readonly Speaker[]
  readonly #count: number
  /** Who answers for an address, by its text. */
  readonly #holders = new Map<string, Set<Speaker>>()
  /** When an address was last taken over. */
  readonly #takenAt = new Map<string, number>()
  #inFlight: { from: Speaker; hello: Hello }[] = []
  #now = 0

  constructor(speakers: number, addresses: number, random: () => number) {
    this.#count = addresses
    const nodes = Array.from({ length: speakers }, (_, index) => `worker-${String(index).padStart(4, '0')}`)
    const candidates = nodes.map((node) => ({ node, score: 0 }))
    const intents = Array.from({ length: addresses }, (_, index): Intent => {
      const address = { family: 'IPv4', value: 0x0a00_0000n + BigInt(index) } as const
      return { address, candidates: candidateOrder(address, candidates).slice(0, MOST_CANDIDATES) }
    })
    this.#speakers = nodes.map((node, index) => {
      const id = Math.floor(random() * 2 ** 32)
      const instance = new Instance({
        node,
        instance: `${id.toString(16).padStart(8, '0')}${index.toString(16).padStart(8, '0')}`,
        settings: DEFAULT_SETTINGS,
        random,
      })
      instance.setIntents(intents, false, 0)
      const startsAt = START_INTERVAL_MS * index + Math.ceil(random() * START_INTERVAL_MS)
      return { node, mac: MAC + index, instance, startsAt, isLost: false }
    })
  }

  /** Starts all of them, and lets them come to rest; throws when an address is not held then. */
  start(): void {
    this.run(START_INTERVAL_MS * this.#speakers.length + LISTEN_MS)
    if (!this.#isSettled) throw new Error(`not settled after ${this.#now / 1000} s of simulated time`)
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    for (const end = this.#now + ms; this.#now < end;) this.#step()
  }

  /** Every address has one holder. */
  get #isSettled(): boolean {
    if (this.#holders.size < this.#count) return false
    for (const holders of this.#holders.values()) if (holders.size !== 1) return false
    return true
  }

  /** Takes this share of the living away, at least a holder, and returns for each of their addresses the ms until it is held again. */
  lose(share: number): number[] {
    const living = this.#speakers.filter(({ isLost }) => !isLost)
    const [holders] = this.#holders.values()
    living.sort((one, other) => Number(holders?.has(other)) - Number(holders?.has(one)))
    const lost = living.slice(0, Math.max(1, Math.round(living.length * share)))
    const orphans: string[] = []
    for (const speaker of lost) {
      speaker.isLost = true
      for (const [address, holders] of this.#holders) if (holders.delete(speaker)) orphans.push(address)
    }
    const lostAt = this.#now
    while (!this.#isSettled) {
      this.#step()
      if (this.#now - lostAt > CONVERGE_LIMIT_MS)
        throw new Error('not held again after 30 s of simulated time')
    }
    return orphans.map((address) => (this.#takenAt.get(address) ?? Number.NaN) - lostAt)
  }

  /** A millisecond: what was sent in the one before arrives. */
  #step(): void {
    const now = ++this.#now
    const arriving = this.#inFlight
    this.#inFlight = []
    for (const speaker of this.#speakers) {
      if (speaker.isLost || now < speaker.startsAt) continue
      if (now === speaker.startsAt) speaker.instance.setLinkUp(true, now)
      for (const { from, hello } of arriving)
        if (from !== speaker) speaker.instance.receive(hello, from.mac, now)
      if (speaker.instance.nextAt <= now) speaker.instance.tick(now)
      this.#take(speaker)
    }
  }

  #take(speaker: Speaker): void {
    const { actions, hellos } = speaker.instance.takeOutput()
    for (const { kind, address } of actions) {
      const text = formatAddress(address)
      const holders = this.#holders.get(text) ?? new Set()
      this.#holders.set(text, holders)
      if (kind === 'hold') {
        holders.add(speaker)
        this.#takenAt.set(text, this.#now)
      } else if (kind === 'release') holders.delete(speaker)
    }
    for (const hello of hellos) this.#inFlight.push({ from: speaker, hello })
  }
}
