// How often the same is said of a Service whose condition somebody else takes away each time. Pure: times are arguments,
// in ms of a clock that never goes back.

/** So often the same is said within `PACE_MS`. */
const TIMES = 3
const PACE_MS = 60_000

interface Said {
  readonly text: string
  /** Of the first time of the latest row. */
  readonly since: number
  times: number
}

/** By Service key. */
export class Repetition {
  readonly #said = new Map<string, Said>()

  /** Milliseconds to wait before `text` is said of the Service; 0: none. */
  waitMs(key: string, text: string, now: number): number {
    const said = this.#said.get(key)
    return said === undefined || said.text !== text || said.times < TIMES
      ? 0
      : Math.max(0, said.since + PACE_MS - now)
  }

  /** `text` has been said. */
  said(key: string, text: string, now: number): void {
    const before = this.#said.get(key)
    if (before !== undefined && before.text === text && now < before.since + PACE_MS) {
      before.times++
      return
    }
    this.#said.delete(key) // so that the oldest stays the first
    this.#said.set(key, { text, since: now, times: 1 })
  }

  /** To be called now and then. */
  forgetOld(now: number): void {
    for (const [key, { since }] of this.#said) {
      if (now < since + PACE_MS) return
      this.#said.delete(key)
    }
  }
}
