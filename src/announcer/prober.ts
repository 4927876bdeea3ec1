// Whether anybody on one segment uses an address already: asked before the first use (RFC 5227 section 2.1, RFC 4862
// section 5.4), and again as long as somebody does. Sends nothing itself, and does not announce.
import { type Address, type Family, formatAddress } from '../ip/index.ts'
import { arpProbe, duplicateProbe, type Mac } from '../packet/index.ts'
import { DueQueue } from './due-queue.ts'
import { earliest, PacedQueue, type Pending } from './paced-queue.ts'
import { Pacer } from './pacer.ts'

/** Two, and 150 ms in all: RFC 5227 takes seven seconds, which no Service can wait for. */
const PROBES = 2
const PROBE_INTERVAL_MS = 75

/** Of addresses that are asked for the first time. */
const FIRST_PROBES_PER_S = 10_000

/** The first time soon: who was just giving the address up has done so by then. */
const FIRST_RETRY_MS = 1000
const RETRY_MS = 5000
/** Share by which a retry comes earlier or later: two who ask at the same moment do not meet again. */
const RETRY_JITTER = 0.2

export const PROBE_FRAME: Readonly<Record<Family, (mac: Mac, address: Address) => Uint8Array>> = {
  IPv4: arpProbe,
  IPv6: duplicateProbe,
}

/** When to ask again for an address that was found in use. `random` is in [0, 1). */
export function retryAfter(random: number): number {
  return RETRY_MS * (1 + RETRY_JITTER * (2 * random - 1))
}

interface Asked {
  readonly address: Address
  /** Who was found to use it, last. */
  user: Mac | null
  /** How often it was found in use. */
  found: number
  /** Counts the askings; `ENDED` when there is no further one. */
  round: number
  /** Probes sent in this round. */
  sent: number
}

const ENDED = -1

/** What waits for one round of probes: the next of them, or the verdict. */
class Step implements Pending {
  readonly asked: Asked
  readonly #round: number

  constructor(asked: Asked) {
    this.asked = asked
    this.#round = asked.round
  }

  get isCurrent(): boolean {
    return this.asked.round === this.#round
  }
}

/** An address that somebody else has. */
export interface Taken {
  readonly address: Address
  readonly by: Mac
}

export interface Probing {
  /** Probes to send now, in order. */
  readonly frames: readonly { readonly address: Address; readonly bytes: Uint8Array }[]
  /** Found free: they are forgotten here. */
  readonly free: readonly Address[]
}

/** All addresses of one segment that are not used yet. Times are in ms of one clock that never goes back. */
export class Prober {
  readonly #random: () => number
  readonly #asked = new Map<string, Asked>()
  readonly #first = new PacedQueue<Step>(new Pacer(FIRST_PROBES_PER_S))
  readonly #again: PacedQueue<Step>
  readonly #verdicts = new DueQueue<Step>()

  /** `pacer`: of the probes for addresses that were found in use. */
  constructor(random: () => number, pacer: Pacer) {
    this.#random = random
    this.#again = new PacedQueue(pacer)
  }

  /** Asks for `address` from `now` on, until it is found free or `end` is called. */
  begin(address: Address, now: number): void {
    const asked = { address, user: null, found: 0, round: 0, sent: 0 }
    this.#asked.set(formatAddress(address), asked)
    this.#first.add(now, new Step(asked))
  }

  end(address: Address): void {
    const text = formatAddress(address)
    const asked = this.#asked.get(text)
    if (asked === undefined) return
    asked.round = ENDED
    this.#asked.delete(text)
  }

  /** Asks for all of them anew: what was heard before says nothing of what is there now. */
  restart(now: number): void {
    for (const address of this.addresses) {
      this.end(address)
      this.begin(address, now)
    }
  }

  has(address: Address): boolean {
    return this.#asked.has(formatAddress(address))
  }

  get addresses(): readonly Address[] {
    return [...this.#asked.values()].map(({ address }) => address)
  }

  /** Somebody with this MAC uses an address, or wants it at the same time as we do. */
  observe(address: Address, mac: Mac, now: number): void {
    const asked = this.#asked.get(formatAddress(address))
    if (asked === undefined) return
    asked.user = mac
    const isBetweenRounds = asked.found > 0 && asked.sent === 0
    if (isBetweenRounds) return
    asked.found++
    asked.round++
    asked.sent = 0
    const delay = asked.found === 1 ? FIRST_RETRY_MS : retryAfter(this.#random())
    this.#again.add(now + delay, new Step(asked))
  }

  /** Found in use twice: once may have been the last word of who gave it up. */
  get taken(): readonly Taken[] {
    return [...this.#asked.values()].flatMap(({ address, user, found }) =>
      user === null || found < 2 ? [] : [{ address, by: user }],
    )
  }

  /** The earliest instant at which `takeDue` may have something. */
  get nextAt(): number | null {
    return earliest(this.#first.nextAt, this.#again.nextAt, this.#verdicts.nextAt)
  }

  takeDue(mac: Mac, now: number): Probing {
    const free = this.#takeFree(now)
    const frames: { address: Address; bytes: Uint8Array }[] = []
    for (const queue of [this.#first, this.#again]) {
      for (let step = queue.takeFirst(now); step !== undefined; step = queue.takeFirst(now)) {
        const { asked } = step
        const { address } = asked
        frames.push({ address, bytes: PROBE_FRAME[address.family](mac, address) })
        asked.sent++
        if (asked.sent < PROBES) queue.add(now + PROBE_INTERVAL_MS, step)
        else this.#verdicts.add(now + PROBE_INTERVAL_MS, step)
      }
    }
    return { frames, free }
  }

  #takeFree(now: number): readonly Address[] {
    const free: Address[] = []
    while ((this.#verdicts.nextAt ?? Infinity) <= now) {
      const step = this.#verdicts.first
      this.#verdicts.removeFirst()
      if (step?.isCurrent !== true) continue
      this.end(step.asked.address)
      free.push(step.asked.address)
    }
    return free
  }
}
