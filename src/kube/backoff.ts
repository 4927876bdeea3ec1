// Waiting times after failures: exponential with jitter, so that many clients do not come back at the same moment.

export interface BackoffInit {
  firstMs: number
  longestMs: number
  /** A number in [0, 1), as Math.random gives it. */
  random?: () => number
}

/** The n-th wait lies between half of `firstMs` · 2ⁿ and the whole of it, at most `longestMs`. */
export class Backoff {
  readonly #init: Required<BackoffInit>
  #failures = 0

  constructor(init: BackoffInit) {
    this.#init = { random: Math.random, ...init }
  }

  /** Milliseconds to wait now; never less than `atLeastMs`, which a server may have asked for (Retry-After). */
  next(atLeastMs = 0): number {
    const { firstMs, longestMs, random } = this.#init
    const whole = Math.min(firstMs * 2 ** this.#failures, longestMs)
    this.#failures++
    return Math.max(atLeastMs, whole / 2 + (random() * whole) / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}
