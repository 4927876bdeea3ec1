// Frames that wait: each for its time, all of them for their share of the wire.
import { DueQueue } from '../queue/index.ts'
import type { Pacer } from './pacer.ts'

/** Something that can become pointless while it waits; it is skipped then, and takes nobody's turn. */
export interface Pending {
  readonly isCurrent: boolean
}

export class PacedQueue<T extends Pending> {
  readonly #queue = new DueQueue<T>()
  readonly #pacer: Pacer

  /** Queues that have one pacer share its rate. */
  constructor(pacer: Pacer) {
    this.#pacer = pacer
  }

  add(at: number, item: T): void {
    this.#queue.add(at, item)
  }

  clear(): void {
    this.#queue.clear()
  }

  /** The earliest instant at which `takeFirst` may give something; `null` when nothing waits. */
  get nextAt(): number | null {
    const next = this.#queue.nextAt
    return next === null ? null : Math.max(next, this.#pacer.freeAt)
  }

  /** The first that is due at `now`, if it may go already; it counts as gone. */
  takeFirst(now: number): T | undefined {
    for (let item = this.#queue.first; item !== undefined; item = this.#queue.first) {
      if (item.isCurrent) {
        if ((this.#queue.nextAt ?? Infinity) > now || !this.#pacer.take(now)) return undefined
        this.#queue.removeFirst()
        return item
      }
      this.#queue.removeFirst()
    }
    return undefined
  }
}

/** The earliest of instants, of which each may be none. */
export function earliest(...instants: readonly (number | null)[]): number | null {
  const given = instants.filter((instant) => instant !== null)
  return given.length === 0 ? null : Math.min(...given)
}
