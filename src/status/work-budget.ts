// How much of the program's time goes to those who look: the rest is for those who wait for an address. Pure.

export interface WorkBudgetInit {
  /** Of all time, 0 to 1. */
  readonly share: number
  /** Saved up at most, in ms. */
  readonly burstMs: number
}

/** Times in ms, of one clock. */
export class WorkBudget {
  readonly #init: WorkBudgetInit
  #left: number
  #at = 0

  constructor(init: WorkBudgetInit) {
    this.#init = init
    this.#left = init.burstMs
  }

  /** Whether there is time left for one more. */
  allows(now: number): boolean {
    const { share, burstMs } = this.#init
    this.#left = Math.min(burstMs, this.#left + Math.max(0, now - this.#at) * share)
    this.#at = now
    return this.#left > 0
  }

  spend(ms: number): void {
    this.#left -= ms
  }
}
