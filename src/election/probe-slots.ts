// When the probes of an interface may begin: spread, so that thousands of addresses do not probe at one stroke.
import { COLD_BATCH, COLD_BATCH_MS, RETRY_JITTER, RETRY_MS, RETRY_SPACING_MS } from './timing.ts'

export class ProbeSlots {
  readonly #random: () => number
  #coldAt = -Infinity
  #coldDrawn = 0
  #lastRetryAt = -Infinity

  /** `random`: numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  /** For an address that nobody held. */
  forCold(now: number): number {
    if (now >= this.#coldAt + COLD_BATCH_MS) [this.#coldAt, this.#coldDrawn] = [now, 0]
    else if (this.#coldDrawn === COLD_BATCH)
      [this.#coldAt, this.#coldDrawn] = [this.#coldAt + COLD_BATCH_MS, 0]
    this.#coldDrawn++
    return this.#coldAt
  }

  /** For one that a stranger uses; with jitter, so that two watchers do not probe in step. */
  forRetry(now: number): number {
    const wanted = now + RETRY_MS * (1 + RETRY_JITTER * (2 * this.#random() - 1))
    this.#lastRetryAt = Math.max(wanted, this.#lastRetryAt + RETRY_SPACING_MS)
    return this.#lastRetryAt
  }
}
