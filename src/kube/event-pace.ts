// When the next event may be told: at once while few come, and of a burst when it is over. Pure.

/** So many may come at once, and so many a second after them, before they are held back. */
const AT_ONCE = 20
const PER_SECOND = 20
/** A burst is over when nothing was recorded for so long. */
const QUIET_MS = 500
/** Nothing is held back longer: what goes on for ever is no burst. */
const LONGEST_MS = 30_000

/** All instants in ms, of one clock that never goes back. */
export class EventPace {
  #credit = AT_ONCE
  #creditedAt = 0
  #since = -Infinity
  #recordedAt = -Infinity

  /** Something is to be told. */
  recorded(now: number): void {
    if (now - this.#recordedAt >= QUIET_MS) this.#since = now
    this.#recordedAt = now
  }

  /** Milliseconds after which to ask again; 0: one may be told now, and counts as told. */
  take(now: number): number {
    const quietMs = this.#recordedAt + QUIET_MS - now
    if (quietMs <= 0 || now - this.#since >= LONGEST_MS) return 0
    const earned = ((now - this.#creditedAt) * PER_SECOND) / 1000
    this.#credit = Math.min(AT_ONCE, this.#credit + earned)
    this.#creditedAt = now
    if (this.#credit < 1) return Math.min(quietMs, ((1 - this.#credit) * 1000) / PER_SECOND)
    this.#credit -= 1
    return 0
  }
}
