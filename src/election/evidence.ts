// What frames prove: those of a MAC that no hello came from, that somebody else goes on using an address; those of a living
// peer that claims nothing, that its node has it in its kernel.
import type { Mac } from '../packet/index.ts'
import {
  DEFEND_MS,
  EVIDENCE_FROM_MS,
  EVIDENCE_UNTIL_MS,
  UNCLAIMED_ANSWERS,
  UNCLAIMED_GAP_MS,
  UNCLAIMED_MS,
} from './timing.ts'

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

/** Answers to probes by living peers, whichever, that claim nothing of the address. */
export class UnclaimedAnswers {
  #count = 0
  #since = 0
  #seenAt = -Infinity

  /** One came. True when that goes on for longer than any handover takes, and any claim to be heard. */
  add(now: number): boolean {
    if (now - this.#seenAt > UNCLAIMED_GAP_MS) this.clear()
    if (this.#count === 0) this.#since = now
    this.#seenAt = now
    return ++this.#count >= UNCLAIMED_ANSWERS && now - this.#since >= UNCLAIMED_MS
  }

  /** Somebody claims it. */
  clear(): void {
    this.#count = 0
  }
}
