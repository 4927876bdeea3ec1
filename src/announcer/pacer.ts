// How many frames a second may go out. Says nothing of which.

/** What a caller that comes late may send at once, so that a timer of some milliseconds still reaches the rate. */
const CATCH_UP_MS = 20

export class Pacer {
  readonly #intervalMs: number
  #freeAt = -Infinity

  constructor(framesPerSecond: number) {
    this.#intervalMs = 1000 / framesPerSecond
  }

  /** When the next frame may go (ms, the clock of `take`); an instant of the past means at once. */
  get freeAt(): number {
    return this.#freeAt
  }

  /** Whether a frame may go at `now`; if so it counts as gone. */
  take(now: number): boolean {
    if (this.#freeAt > now) return false
    this.#freeAt = Math.max(this.#freeAt, now - CATCH_UP_MS) + this.#intervalMs
    return true
  }
}
