// The gratuitous frames of one interface: which address is due, in which form, within the interface's budget.
import { type Address, type Family, formatAddress } from '../ip/index.ts'
import { gratuitousArp, type Mac, unsolicitedAdvertisement } from '../packet/index.ts'
import { DueQueue } from './due-queue.ts'
import { Pacer } from './pacer.ts'
import { nextDue } from './schedule.ts'

/** One frame an address, at takeover: clients wait for it. 500 addresses in 50 ms. */
const FIRST_ROUND_FRAMES_PER_S = 10_000

/** Everything else of one interface; what is due beyond that waits its turn. */
const REPEAT_FRAMES_PER_S = 500

/** What each round sends, in order: both ARP forms, because some hosts learn from one only; in IPv6 one says it all. */
const FORMS: Readonly<Record<Family, readonly ((mac: Mac, address: Address) => Uint8Array)[]>> = {
  IPv4: [
    (mac, address) => gratuitousArp('request', mac, address),
    (mac, address) => gratuitousArp('reply', mac, address),
  ],
  IPv6: [unsolicitedAdvertisement],
}

interface Held {
  readonly address: Address
  readonly since: number
  /** False once given up or begun anew: what is still queued for it is skipped. */
  isCurrent: boolean
}

interface Due {
  readonly held: Held
  /** Which of the `FORMS` of its family. */
  readonly form: number
}

interface Lane {
  readonly queue: DueQueue<Due>
  readonly pacer: Pacer
}

/** All addresses announced on one interface with one MAC. */
export class GratuitousSender {
  readonly #mac: Mac
  readonly #random: () => number
  readonly #held = new Map<string, Held>()
  readonly #first: Lane = { queue: new DueQueue(), pacer: new Pacer(FIRST_ROUND_FRAMES_PER_S) }
  readonly #repeats: Lane = { queue: new DueQueue(), pacer: new Pacer(REPEAT_FRAMES_PER_S) }

  constructor(mac: Mac, random: () => number) {
    this.#mac = mac
    this.#random = random
  }

  /** Makes `addresses` the ones announced: new ones begin their schedule at `now`, others go on with theirs. */
  announce(addresses: readonly Address[], now: number): void {
    const wanted = new Map(addresses.map((address) => [formatAddress(address), address]))
    for (const [text, held] of this.#held) {
      if (wanted.has(text)) continue
      held.isCurrent = false
      this.#held.delete(text)
    }
    for (const [text, address] of wanted) {
      if (this.#held.has(text)) continue
      const held = { address, since: now, isCurrent: true }
      this.#held.set(text, held)
      this.#first.queue.add(now, { held, form: 0 })
    }
  }

  /** The earliest instant at which `takeDue` may have a frame; `null` when nothing is announced. */
  get nextAt(): number | null {
    const instants = [this.#first, this.#repeats].flatMap(({ queue, pacer }) =>
      queue.nextAt === null ? [] : [Math.max(queue.nextAt, pacer.freeAt)],
    )
    return instants.length === 0 ? null : Math.min(...instants)
  }

  /** The frames that may go at `now`, in order; they count as sent. */
  *takeDue(now: number): Generator<{ address: Address; bytes: Uint8Array }> {
    for (const lane of [this.#first, this.#repeats]) {
      for (let due = this.#next(lane, now); due !== undefined; due = this.#next(lane, now)) {
        this.#queueAfter(due, now)
        const { address } = due.held
        const encode = FORMS[address.family][due.form]
        if (encode !== undefined) yield { address, bytes: encode(this.#mac, address) }
      }
    }
  }

  #next({ queue, pacer }: Lane, now: number): Due | undefined {
    for (let due = queue.first; due !== undefined; due = queue.first) {
      if (due.held.isCurrent) {
        if ((queue.nextAt ?? Infinity) > now || !pacer.take(now)) return undefined
        queue.removeFirst()
        return due
      }
      queue.removeFirst()
    }
    return undefined
  }

  /** The next form follows as soon as the budget allows, the next round when the schedule says. */
  #queueAfter({ held, form }: Due, now: number): void {
    const { queue } = this.#repeats
    if (form + 1 < FORMS[held.address.family].length) queue.add(now, { held, form: form + 1 })
    else queue.add(nextDue(held.since, now, this.#random()), { held, form: 0 })
  }
}
