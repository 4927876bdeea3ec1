// What the frames of a MAC that no hello came from prove: that somebody else goes on using an address.
import type { Mac } from '../packet/index.ts'
import { DEFEND_MS, EVIDENCE_FROM_MS, EVIDENCE_UNTIL_MS } from './timing.ts'

export class Evidence {
  #mac: Mac | null = null
  #firstAt = 0
  #defendedAt = -Infinity

  /**
   * A stranger used the address. `defend`: answer it. `persists`: it did so again after it had time to hear the answer,
   * and nobody with its MAC said hello between.
   */
  add(mac: Mac, now: number): { defend: boolean; persists: boolean } {
    const age = now - this.#firstAt
    const isSeries = this.#mac === mac && age <= EVIDENCE_UNTIL_MS
    if (!isSeries) {
      this.#mac = mac
      this.#firstAt = now
    }
    const defend = now - this.#defendedAt >= DEFEND_MS
    if (defend) this.#defendedAt = now
    return { defend, persists: isSeries && age >= EVIDENCE_FROM_MS }
  }

  /** A hello came from this MAC: the claims in it settle the matter. */
  clear(mac: Mac): void {
    if (this.#mac === mac) this.#mac = null
  }
}
