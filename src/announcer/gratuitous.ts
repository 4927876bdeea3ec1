// The gratuitous frames of one interface: which address is due, in which form, within the interface's budget.
import { type Address, type AddressKey, addressKey, type Family } from '../ip/index.ts'
import { gratuitousArp, type Mac, unsolicitedAdvertisement } from '../packet/index.ts'
import { earliest, PacedQueue } from './paced-queue.ts'
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
  /** A frame has gone out. */
  isTold: boolean
  isReleased: boolean
}

class Due {
  readonly held: Held
  /** Which of the `FORMS` of its family. */
  readonly form: number
  /** Nothing follows from it. */
  readonly isExtra: boolean

  constructor(held: Held, form: number, isExtra = false) {
    this.held = held
    this.form = form
    this.isExtra = isExtra
  }

  get isCurrent(): boolean {
    return !this.held.isReleased
  }
}

/** All addresses announced on one interface with one MAC. */
export class GratuitousSender {
  readonly #mac: Mac
  readonly #random: () => number
  readonly #held = new Map<AddressKey, Held>()
  readonly #first = new PacedQueue<Due>(new Pacer(FIRST_ROUND_FRAMES_PER_S))
  readonly #repeats = new PacedQueue<Due>(new Pacer(REPEAT_FRAMES_PER_S))

  constructor(mac: Mac, random: () => number) {
    this.#mac = mac
    this.#random = random
  }

  /** Begins the schedule of an address that it does not announce yet. */
  begin(address: Address, now: number): void {
    const held = { address, since: now, isTold: false, isReleased: false }
    this.#held.set(addressKey(address), held)
    this.#first.add(now, new Due(held, 0))
  }

  /** Announces an address of those once more, before everything that is planned. */
  repeat(address: Address, now: number): void {
    const held = this.#held.get(addressKey(address))
    if (held !== undefined) this.#first.add(now, new Due(held, 0, true))
  }

  /** Sends nothing before `until`. Rounds due by then are skipped, but for addresses that nobody was told of yet. */
  fallSilent(until: number): void {
    this.#first.clear()
    this.#repeats.clear()
    for (const held of this.#held.values()) {
      if (held.isTold) this.#queueRound(held, until)
      else this.#first.add(until, new Due(held, 0))
    }
  }

  /** No frame for the address follows. */
  end(address: Address): void {
    const key = addressKey(address)
    const held = this.#held.get(key)
    if (held === undefined) return
    held.isReleased = true
    this.#held.delete(key)
  }

  /** The earliest instant at which `takeDue` may have a frame; `null` when nothing is announced. */
  get nextAt(): number | null {
    return earliest(this.#first.nextAt, this.#repeats.nextAt)
  }

  /** The frames that may go at `now`, in order; they count as sent. */
  *takeDue(now: number): Generator<{ address: Address; bytes: Uint8Array }> {
    for (const queue of [this.#first, this.#repeats]) {
      for (let due = queue.takeFirst(now); due !== undefined; due = queue.takeFirst(now)) {
        due.held.isTold = true
        if (!due.isExtra) this.#queueAfter(due, now)
        const { address } = due.held
        const encode = FORMS[address.family][due.form]
        if (encode !== undefined) yield { address, bytes: encode(this.#mac, address) }
      }
    }
  }

  /** The next form follows as soon as the budget allows, the next round when the schedule says. */
  #queueAfter({ held, form }: Due, now: number): void {
    const hasNextForm = form + 1 < FORMS[held.address.family].length
    if (hasNextForm) this.#repeats.add(now, new Due(held, form + 1))
    else this.#queueRound(held, now)
  }

  /** The first round after `now`. */
  #queueRound(held: Held, now: number): void {
    this.#repeats.add(nextDue(held.since, now, this.#random()), new Due(held, 0))
  }
}
