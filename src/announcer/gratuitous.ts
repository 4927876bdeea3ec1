// The gratuitous frames of one interface: which address is due, in which form, within the interface's budget.
import { type Address, formatAddress } from '../ip/index.ts'
import { type ArpOperation, gratuitousArp, type Mac } from '../packet/index.ts'
import { DueQueue } from './due-queue.ts'
import { Pacer } from './pacer.ts'
import { nextDue } from './schedule.ts'

/** One frame an address, at takeover: clients wait for it. 500 addresses in 50 ms. */
const FIRST_ROUND_FRAMES_PER_S = 10_000

/** Everything else of one interface; what is due beyond that waits its turn. */
const REPEAT_FRAMES_PER_S = 500

const FIRST: ArpOperation = 'request'
const SECOND: ArpOperation = 'reply'

interface Held {
  readonly address: Address
  readonly since: number
  /** False once given up or begun anew: what is still queued for it is skipped. */
  isCurrent: boolean
}

interface Due {
  readonly held: Held
  readonly operation: ArpOperation
}

interface Lane {
  readonly queue: DueQueue<Due>
  readonly pacer: Pacer
}

/** All IPv4 addresses announced on one interface with one MAC. */
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
      this.#first.queue.add(now, { held, operation: FIRST })
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
        const { operation, held } = due
        yield { address: held.address, bytes: gratuitousArp(operation, this.#mac, held.address) }
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

  /** The second form follows as soon as the budget allows, the next round when the schedule says. */
  #queueAfter({ held, operation }: Due, now: number): void {
    const { queue } = this.#repeats
    if (operation === FIRST) queue.add(now, { held, operation: SECOND })
    else queue.add(nextDue(held.since, now, this.#random()), { held, operation: FIRST })
  }
}
