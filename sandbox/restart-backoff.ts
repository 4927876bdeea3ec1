// When a program that ended is started again: as the kubelet does it, whose setting for the longest delay is
// crashLoopBackOff.maxContainerRestartPeriod.

const FIRST_DELAY_MS = 10_000
/** A program that ran this long is counted as healthy: its next end is its first. */
const HEALTHY_AFTER_MS = 600_000

/** The restarts of one program; make a new one for each program. */
export class RestartBackoff {
  readonly #longestDelayMs: number
  #quickEnds = 0

  constructor(longestDelayMs: number) {
    this.#longestDelayMs = longestDelayMs
  }

  /** Milliseconds to wait after a run of `ranMs`: none after the first end, then 10 s, doubling, up to the longest delay. */
  next(ranMs: number): number {
    if (ranMs >= HEALTHY_AFTER_MS) this.#quickEnds = 0
    const ends = this.#quickEnds++
    return ends === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (ends - 1), this.#longestDelayMs)
  }
}
