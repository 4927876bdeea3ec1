// When an instance says hello: every H, and sooner when there is news. What it claims comes from listing.ts.
import { type Hello, splitClaims } from '../packet/index.ts'
import type { Contest } from './contest.ts'
import { Listing } from './listing.ts'
import { BURST_SPACING_MS, GONE_HELLOS, INTRODUCE_MS } from './timing.ts'

/** What a hello says beside its claims. */
export type Condition = Omit<Hello, 'sequence' | 'claims' | 'asking'>

export class Voice {
  readonly #listing = new Listing()
  #sequence = 0
  #dueAt = Infinity
  #spokeAt = -Infinity
  #askingUntil = -Infinity
  #goodbyes = 0

  /** When the next hello is due; `Infinity` before the first news and after the last goodbye. */
  get dueAt(): number {
    return this.#dueAt
  }

  get hasSaidGoodbye(): boolean {
    return this.#goodbyes === GONE_HELLOS
  }

  /** Until then the claims of some peer may not be known. */
  get askingUntil(): number {
    return this.#askingUntil
  }

  /** There is news: a hello as soon as the last one is far enough away. */
  hasten(): void {
    if (this.#goodbyes === 0) this.#dueAt = Math.min(this.#dueAt, this.#spokeAt + BURST_SPACING_MS)
  }

  list(contest: Contest, now: number): void {
    this.#listing.set(contest, contest.address, contest.state, contest.epoch, now)
    this.hasten()
  }

  /** Asks everybody for all claims. */
  ask(helloInterval: number, now: number): void {
    this.#askingUntil = introducedBy(helloInterval, now)
    this.hasten()
  }

  /** Tells everybody all claims. */
  introduce(helloInterval: number, now: number): void {
    this.#listing.introduce(introducedBy(helloInterval, now))
    this.hasten()
  }

  /** The hellos to send now; more than one when the claims do not fit. */
  speak(condition: Condition, helloInterval: number, now: number): Hello[] {
    const asking = now < this.#askingUntil
    const parts = splitClaims(this.#listing.take(helloInterval, now))
    this.#spokeAt = now
    this.#dueAt = now + helloInterval
    if (condition.gone) {
      this.#goodbyes++
      this.#dueAt = this.hasSaidGoodbye ? Infinity : now + BURST_SPACING_MS
    }
    return parts.map((claims) => this.#hello(condition, asking, claims))
  }

  // Field by field: hellos are most of what an election touches, and a spread makes them slow to read.
  #hello(condition: Condition, asking: boolean, claims: Hello['claims']): Hello {
    const { instance, node, deadInterval, listening, leaving, gone, stale, quorum } = condition
    const sequence = ++this.#sequence
    return { instance, node, sequence, deadInterval, listening, leaving, gone, stale, quorum, asking, claims }
  }
}

/** One hello at once and two regular ones, so that a lost one does no harm. */
function introducedBy(helloInterval: number, now: number): number {
  return now + Math.max(INTRODUCE_MS, 2 * helloInterval)
}
