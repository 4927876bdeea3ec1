// All addresses that an instance knows of, and which of them have to be looked at.
import type { Address } from '../ip/index.ts'
import { Contest } from './contest.ts'
import type { Candidate } from './order.ts'
import type { Peer } from './peers.ts'
import { MEMORY_MS } from './timing.ts'

/** What this node may do about one address. */
export interface Intent {
  readonly address: Address
  /** Nodes that may hold it, first choice first; this node may be missing. */
  readonly candidates: readonly Candidate[]
  /** The address that they are ordered by, if it is another: of two of one Service the first. */
  readonly orderedBy?: Address
}

export class Contests {
  readonly #node: string
  readonly #all = new Map<bigint, Contest>()
  #doubtful = new Set<Contest>()
  #allDoubtful = false
  /** Those with a `dueAt`. */
  readonly #timed = new Set<Contest>()

  constructor(node: string) {
    this.#node = node
  }

  get(address: Address): Contest | undefined {
    return this.#all.get(keyOf(address))
  }

  /** The contest for `address`, begun now if there was none. */
  open(address: Address, now: number): Contest {
    const key = keyOf(address)
    let contest = this.#all.get(key)
    if (contest === undefined) {
      contest = new Contest(address, now)
      this.#all.set(key, contest)
    }
    return contest
  }

  intend(intents: readonly Intent[], now: number): void {
    const missing = new Set(this.#all.values())
    for (const { address, candidates, orderedBy } of intents) {
      const contest = this.open(address, now)
      missing.delete(contest)
      const place = candidates.findIndex(({ node }) => node === this.#node)
      if (place >= 0 && !contest.isEligible) contest.eligibleSince = now
      contest.candidates = candidates
      contest.place = place
      contest.orderedBy = orderedBy ?? address
    }
    for (const contest of missing) {
      contest.candidates = null
      contest.place = -1
    }
    this.doubtAll()
  }

  /** What is known of it has changed. */
  doubt(contest: Contest): void {
    this.#doubtful.add(contest)
  }

  doubtAll(): void {
    this.#allDoubtful = true
  }

  /** Doubts what is due. */
  wake(now: number): void {
    for (const contest of this.#timed) if (now >= contest.dueAt) this.#doubtful.add(contest)
  }

  /** Lets `settle` look at each that is in doubt; it sets `dueAt`. */
  settle(settle: (contest: Contest) => void): void {
    const doubtful = this.#allDoubtful ? this.#all.values() : this.#doubtful
    this.#allDoubtful = false
    for (const contest of doubtful) {
      settle(contest)
      if (contest.dueAt < Infinity) this.#timed.add(contest)
      else this.#timed.delete(contest)
    }
    if (this.#doubtful.size > 0) this.#doubtful = new Set()
  }

  get nextDueAt(): number {
    let at = Infinity
    if (this.#timed.size > 0) for (const { dueAt } of this.#timed) at = Math.min(at, dueAt)
    return at
  }

  /** `peer` is dead. */
  bereave(peer: Peer, now: number): void {
    for (const contest of peer.claims.keys()) contest.lose(peer, now)
    this.doubtAll()
  }

  values(): Iterable<Contest> {
    return this.#all.values()
  }

  isAnyAnswering(): boolean {
    for (const { isAnswering } of this.#all.values()) if (isAnswering) return true
    return false
  }

  /** Drops those that nobody has wanted for longer than the memory. */
  forget(now: number): void {
    for (const [key, contest] of this.#all) {
      const isUnused = contest.candidates === null && contest.state === 'none' && contest.claims.size === 0
      if (isUnused && now - Math.max(contest.since, contest.claimedAt) > MEMORY_MS) this.#all.delete(key)
    }
  }
}

/** Both families in one map: IPv6 addresses as negative numbers. */
function keyOf({ family, value }: Address): bigint {
  return family === 'IPv4' ? value : ~value
}
