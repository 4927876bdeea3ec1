// When a speaker only listens, because what it believes of the others may be wrong: it claims nothing new then, and its
// claims give way to any other's.
import { IMPAIRED_MS, LISTEN_MS, QUIET_MS } from './timing.ts'

export class Listening {
  #until = -Infinity
  #quietUntil = -Infinity
  #firstUntil = -Infinity

  /** At the start, and when the cable is back. */
  begin(now: number): void {
    this.#extend(now + LISTEN_MS)
    this.#firstUntil = this.#until
  }

  /** The loop was late: by more than a dead interval, and the others have buried this speaker. */
  stalled(lateness: number, deadInterval: number, now: number): void {
    this.#extend(now + LISTEN_MS)
    if (lateness > deadInterval) this.#quietUntil = now + QUIET_MS
  }

  /** A peer hears a majority while this speaker does not. */
  impaired(now: number): void {
    if (!this.isFirst(now)) this.#extend(now + IMPAIRED_MS)
  }

  #extend(until: number): void {
    this.#until = Math.max(this.#until, until)
  }

  isOn(now: number): boolean {
    return now < this.#until
  }

  /** The listening in which nobody can have been heard for long enough. */
  isFirst(now: number): boolean {
    return now < this.#firstUntil
  }

  get until(): number {
    return this.#until
  }

  get quietUntil(): number {
    return this.#quietUntil
  }
}
