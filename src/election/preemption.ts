// For how long a reason to take an address from its holder has to last: longer after each time that this speaker did.
import { MAX_HOLD_DOWN_MS, MEMORY_MS } from './timing.ts'

export class Preemption {
  #since: number | null = null
  #taken: number[] = []

  /** When the address may be taken, if the reason lasts; `Infinity` without a reason. */
  dueAt(hasReason: boolean, holdDown: number, now: number): number {
    if (!hasReason) {
      this.#since = null
      return Infinity
    }
    this.#since ??= now
    this.#taken = this.#taken.filter((at) => now - at < MEMORY_MS)
    return this.#since + Math.min(holdDown * 2 ** this.#taken.length, MAX_HOLD_DOWN_MS)
  }

  take(now: number): void {
    this.#since = null
    this.#taken.push(now)
  }
}
