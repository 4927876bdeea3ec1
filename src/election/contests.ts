// All addresses that an instance knows of, and which of them have to be looked at.
import { type Address, type AddressKey, addressKey } from '../ip/index.ts'
import { DueQueue } from '../queue/index.ts'
import { Contest, type Intent } from './contest.ts'
import type { Peer } from './peers.ts'
import { MEMORY_MS } from './timing.ts'

export class Contests {
  readonly #node: string
  readonly #all = new Map<AddressKey, Contest>()
  // Parts of all, as of the last `settle`: of thousands of addresses most are of no account to who asks.
  readonly #own = new Set<Contest>()
  readonly #blocked = new Set<Contest>()
  readonly #shared = new Set<Contest>()
  #doubtful = new Set<Contest>()
  #allDoubtful = false
  /** Those with a `dueAt`, by what it was when they came in, see `#nextDue`. */
  readonly #due = new DueQueue<Contest>()

  constructor(node: string) {
    this.#node = node
  }

  get(address: Address): Contest | undefined {
    return this.#all.get(addressKey(address))
  }

  /** The contest for `address`, begun now if there was none. */
  open(address: Address, now: number): Contest {
    const key = addressKey(address)
    let contest = this.#all.get(key)
    if (contest === undefined) {
      contest = new Contest(address, now)
      this.#all.set(key, contest)
    }
    return contest
  }

  intend(intents: readonly Intent[], now: number): void {
    const missing = new Set(this.#all.values())
    for (const intent of intents) {
      const contest = this.open(intent.address, now)
      missing.delete(contest)
      if (contest.intent === intent) continue
      const place = intent.candidates.findIndex(({ node }) => node === this.#node)
      if (place >= 0 && !contest.isEligible) contest.eligibleSince = now
      contest.intent = intent
      contest.place = place
      this.doubt(contest)
    }
    for (const contest of missing) {
      if (contest.intent === null) continue
      contest.intent = null
      contest.place = -1
      this.doubt(contest)
    }
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
    for (let contest = this.#nextDue(); contest !== null && contest.dueAt <= now; contest = this.#nextDue()) {
      this.#due.removeFirst()
      contest.queuedAt = Infinity
      this.#doubtful.add(contest)
    }
  }

  /** Lets `settle` look at each that is in doubt; it sets `dueAt`. */
  settle(settle: (contest: Contest) => void): void {
    const doubtful = this.#allDoubtful ? this.#all.values() : this.#doubtful
    this.#allDoubtful = false
    for (const contest of doubtful) {
      settle(contest)
      setMember(this.#own, contest, contest.state !== 'none')
      setMember(this.#blocked, contest, contest.state === 'blocked')
      setMember(this.#shared, contest, contest.claims.size > 1)
      this.#queue(contest)
    }
    if (this.#doubtful.size > 0) this.#doubtful = new Set()
  }

  get nextDueAt(): number {
    return this.#nextDue()?.dueAt ?? Infinity
  }

  /** An entry is never later than what it stands for. */
  #queue(contest: Contest): void {
    if (contest.dueAt >= contest.queuedAt) return
    contest.queuedAt = contest.dueAt
    this.#due.add(contest.dueAt, contest)
  }

  /** The one that is due first, at the head of the queue. Entries that were overtaken go, or go to the end. */
  #nextDue(): Contest | null {
    for (let contest = this.#due.first; contest !== undefined; contest = this.#due.first) {
      const at = this.#due.nextAt
      if (at === contest.queuedAt && at === contest.dueAt) return contest
      this.#due.removeFirst()
      if (at !== contest.queuedAt) continue
      contest.queuedAt = Infinity
      this.#queue(contest)
    }
    return null
  }

  /** `peer` is dead. */
  bereave(peer: Peer, now: number): void {
    for (const contest of peer.claims.keys()) contest.lose(peer, now)
    this.doubtAll()
  }

  /** Those that this speaker claims. */
  get own(): Iterable<Contest> {
    return this.#own
  }

  /** Those that it would hold if a stranger did not use them. */
  get blocked(): Iterable<Contest> {
    return this.#blocked
  }

  /** Those that more than one other claims. */
  get shared(): Iterable<Contest> {
    return this.#shared
  }

  isAnyAnswering(): boolean {
    for (const { isAnswering } of this.#own) if (isAnswering) return true
    return false
  }

  /** Drops those that nobody has wanted for longer than the memory. */
  forget(now: number): void {
    for (const [key, contest] of this.#all) {
      const isUnused = contest.intent === null && contest.state === 'none' && contest.claims.size === 0
      if (isUnused && now - Math.max(contest.since, contest.claimedAt) > MEMORY_MS) this.#all.delete(key)
    }
  }
}

function setMember(set: Set<Contest>, contest: Contest, isMember: boolean): void {
  if (isMember) set.add(contest)
  else set.delete(contest)
}
