// What one speaker knows of one address: its own claim, the others', and what it remembers of earlier ones. What it does
// about it is table.ts.
import type { Address } from '../ip/index.ts'
import type { ClaimState, Mac } from '../packet/index.ts'
import { Evidence, UnclaimedAnswers } from './evidence.ts'
import type { Candidate } from './order.ts'
import type { Peer, PeerClaim } from './peers.ts'
import { Preemption } from './preemption.ts'
import { outranks } from './rank.ts'

/** What this node may do about one address. */
export interface Intent {
  readonly address: Address
  /** Nodes that may hold it, first choice first; this node may be missing. */
  readonly candidates: readonly Candidate[]
  /** The address that they are ordered by, if it is another: of two of one Service the first. */
  readonly orderedBy?: Address
}

export interface RankedClaim {
  readonly peer: Peer
  readonly state: ClaimState
  /** −1 while its owner listens. */
  readonly epoch: number
}

export class Contest {
  readonly address: Address
  state: ClaimState = 'none'
  epoch = 0
  /** When `state` was entered. */
  since: number
  /** `null`: this node's intents do not know the address. */
  intent: Intent | null = null
  /** This node's place among them; −1: it may not hold the address. */
  place = -1
  /** Since when it may. */
  eligibleSince = 0

  readonly claims = new Map<Peer, PeerClaim>()
  /** Highest epoch of any active or yielding claim, this speaker's too. */
  top = 0
  /** Epoch of the last such claim of another. */
  previous: number | null = null
  /** When such a claim of another was seen last. */
  claimedAt = -Infinity
  /** When a living peer gave an active claim up. */
  gaveUpAt = -Infinity
  vacantSince: number | null = null
  /** Nothing is claimed before. */
  pausedUntil = -Infinity

  /** Whose answering claim was heard last. */
  lastHolder: Peer | null = null
  /** Blocked: who uses the address. */
  stranger: Mac | null = null
  /** Cold and vacant: when its turn is among all that begin; `null`: it has none. */
  slotAt: number | null = null
  /** When the next probe goes out, or the address counts as free. */
  probeAt = Infinity
  probesSent = 0
  /** The lesser claim that stays, and since when. */
  rival: { readonly peer: Peer; readonly since: number } | null = null
  /** It was taken without a quorum. */
  isProvisional = false
  /** When this speaker's claim was last held against another's. */
  repeatedAt = -Infinity
  readonly preemption = new Preemption()
  readonly evidence = new Evidence()
  readonly unclaimed = new UnclaimedAnswers()
  /** When it has to be looked at again, if nothing happens before. */
  dueAt = Infinity
  /** The instant of its entry in the queue of what is due; no later than `dueAt`. */
  queuedAt = Infinity

  constructor(address: Address, now: number) {
    this.address = address
    this.since = now
  }

  /** In their order. */
  get candidates(): readonly Candidate[] {
    return this.intent?.candidates ?? []
  }

  /** The address that they are ordered by. */
  get orderedBy(): Address {
    return this.intent?.orderedBy ?? this.address
  }

  get isEligible(): boolean {
    return this.place >= 0
  }

  /** Its probes are on the wire. */
  get isProbing(): boolean {
    return this.state === 'probing' || (this.state === 'blocked' && this.probesSent > 0)
  }

  get isAnswering(): boolean {
    return isAnswering(this.state)
  }

  /** Takes a step of the state table; `probeAt`: when the first probe is due, if the new state needs one. */
  enter(
    { state, epoch }: { readonly state: ClaimState; readonly epoch: number },
    probeAt: number,
    now: number,
  ): void {
    this.state = state
    this.epoch = epoch
    this.since = now
    this.vacantSince = null
    this.rival = null
    this.repeatedAt = now
    this.slotAt = null
    this.probesSent = 0
    this.probeAt = probeAt
    if (state !== 'blocked') this.stranger = null
    if (this.isAnswering) this.top = Math.max(this.top, epoch)
  }

  /** Of the peers that count, the greatest claim in one of `states`. */
  greatest(...states: readonly ClaimState[]): RankedClaim | null {
    let best: RankedClaim | null = null
    for (const [peer, { state, epoch }] of this.claims) {
      if (peer.deaf || !states.includes(state)) continue
      const claim = { peer, state, epoch: peer.listening ? -1 : epoch }
      if (best === null || outranks(asRank(claim), asRank(best), this.address)) best = claim
    }
    return best
  }

  has(...states: readonly ClaimState[]): boolean {
    for (const [peer, { state }] of this.claims) if (!peer.deaf && states.includes(state)) return true
    return false
  }

  /** Records what `peer` says; true when it is news. */
  learn(peer: Peer, state: ClaimState, epoch: number, now: number): boolean {
    const known = this.claims.get(peer)
    if (state === 'none') {
      if (known === undefined) return false
      if (known.state === 'active') this.gaveUpAt = now
      this.lose(peer, now)
      return true
    }
    if (isAnswering(state)) {
      this.top = Math.max(this.top, epoch)
      this.previous = epoch
      this.claimedAt = now
      this.lastHolder = peer
      this.unclaimed.clear()
    }
    if (known === undefined) {
      const claim = { state, epoch, refreshedAt: now }
      this.claims.set(peer, claim)
      peer.claims.set(this, claim)
      return true
    }
    const isNews = known.state !== state || known.epoch !== epoch
    known.state = state
    known.epoch = epoch
    known.refreshedAt = now
    return isNews
  }

  /** Whether one of `peers` answers for it, as it says itself. */
  isAnsweredBy(peers: Iterable<Peer>): boolean {
    for (const peer of peers) if (isAnswering(this.claims.get(peer)?.state ?? 'none')) return true
    return false
  }

  /** The claim of `peer` has ended, with its life or by its word. */
  lose(peer: Peer, now: number): void {
    const claim = this.claims.get(peer)
    if (claim !== undefined && isAnswering(claim.state)) this.claimedAt = now
    this.claims.delete(peer)
    peer.claims.delete(this)
  }
}

/** Whether who says so of an address answers for it. */
export function isAnswering(state: ClaimState): boolean {
  return state === 'active' || state === 'yielding'
}

export function asRank({ peer, epoch }: RankedClaim): { epoch: number; node: string; instance: string } {
  return { epoch, node: peer.node, instance: peer.instance }
}
