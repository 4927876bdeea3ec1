// The state table: what a speaker does about one address, from what it knows. Numbers in brackets: rules of
// docs/protocol.md.
import type { ClaimState } from '../packet/index.ts'
import { type Contest, type RankedClaim, asRank } from './contest.ts'
import type { Peers } from './peers.ts'
import { BASE_EPOCH, type Rank, above, below, outranks, precedes } from './rank.ts'
import {
  GAVE_UP_MS,
  ONE_WAY_MS,
  PROBES,
  PROBE_INTERVAL_MS,
  REPEAT_MS,
  REPEAT_TO_DEAF_MS,
  STAGGER_MS,
  STAGGER_STEPS,
  type Settings,
  WARM_MS,
  YIELD_MS,
} from './timing.ts'

/** Why a claim changed; a label of metrics and logs. */
export type Cause =
  | 'vacant' // nobody claims it: the first time, or not for a while
  | 'takeover' // its holder died or gave it up
  | 'handover' // its holder asks to be relieved
  | 'preferred' // this node is the better one, and has been for the hold-down
  | 'free' // nobody answered the probes
  | 'occupied' // somebody else claims it
  | 'outranked' // a greater claim
  | 'unheard' // the other holder does not hear this speaker
  | 'ineligible' // this node may not hold it any more
  | 'eligible' // it may again
  | 'withdrawn' // the address is no longer in the intents
  | 'leaving' // this speaker was told to stop
  | 'relieved' // another took over
  | 'unrelieved' // nobody did
  | 'listening'
  | 'linkDown'
  | 'stranger' // a MAC without a speaker uses it
  | 'answered' // a living peer answers for it, though it claims nothing

export interface Step {
  readonly state: ClaimState
  readonly epoch: number
  readonly cause: Cause
}

/** What holds for all addresses of an instance at one moment. */
export interface Situation {
  now: number
  readonly node: string
  readonly instance: string
  readonly settings: Settings
  readonly peers: Peers
  isUp: boolean
  isListening: boolean
  /** When it last began to be able to claim. */
  readySince: number
  /** When it will have heard what everybody claims. */
  informedAt: number
  isLeaving: boolean
  isStale: boolean
  /** Frames that the address needs now, apart from what a new state brings by itself. */
  send(kind: 'probe' | 'gratuitous', contest: Contest): void
  /** When the next cold claim may begin. */
  drawColdSlot(): number
  /** Lists the claim again, as if it had changed. */
  repeat(contest: Contest): void
}

/** The next step, or `null` for none; sets `contest.dueAt`. To be asked again after each step. */
export function nextStep(contest: Contest, situation: Situation): Step | null {
  contest.dueAt = Infinity
  if (contest.state === 'none') return fromNone(contest, situation)
  const end = endOfClaim(contest, situation)
  if (end !== null) return to('none', contest, end)
  if (contest.state === 'active') return fromActive(contest, situation)
  return contest.state === 'yielding' ? fromYielding(contest, situation) : fromProbing(contest, situation)
}

/** What ends every claim; and what ends one that does not answer yet. */
function endOfClaim(contest: Contest, { isUp, isListening, isLeaving }: Situation): Cause | null {
  if (!isUp) return 'linkDown'
  if (contest.intent === null) return 'withdrawn'
  if (contest.isAnswering) return null
  if (!contest.isEligible) return 'ineligible'
  if (isLeaving) return 'leaving'
  return isListening ? 'listening' : null
}

function fromNone(contest: Contest, situation: Situation): Step | null {
  const { now, isUp, isListening, isLeaving } = situation
  const isOccupied = contest.has('active', 'probing', 'blocked') // [5]
  contest.vacantSince = isOccupied ? null : (contest.vacantSince ?? now)
  const mayClaim = contest.isEligible && isUp && !isListening && !isLeaving
  if (!mayClaim || isOccupied) contest.slotAt = null
  const preemptAt = preemptionDueAt(contest, situation, mayClaim && isOccupied)
  if (!mayClaim) return null
  if (contest.vacantSince === null) {
    if (now < preemptAt) return due(contest, preemptAt)
    contest.preemption.take(now)
    return { state: 'active', epoch: above(contest.top), cause: 'preferred' }
  }
  const turn = turnAt(contest, situation, contest.vacantSince)
  if (now < turn) return due(contest, turn)
  if (isWarm(contest, now)) return { state: 'active', ...takeover(contest, situation) }
  contest.slotAt ??= situation.drawColdSlot()
  if (now < contest.slotAt) return due(contest, contest.slotAt)
  return { state: 'probing', epoch: epochFor(contest, situation), cause: 'vacant' }
}

/** [6] When this speaker may take a vacant address: the better its place, the earlier. */
function turnAt(contest: Contest, situation: Situation, vacantSince: number): number {
  const { candidates, place, eligibleSince, gaveUpAt, pausedUntil } = contest
  const { now, peers, readySince, informedAt } = situation
  const isCold = !isWarm(contest, now)
  let before = 0
  for (let at = 0; at < place && before < STAGGER_STEPS; at++)
    if (peers.isCandidate(candidates[at]?.node ?? '', isCold)) before++
  if (gaveUpAt > vacantSince - GAVE_UP_MS) before++
  const since = Math.max(vacantSince, eligibleSince, readySince, informedAt)
  return Math.max(since + before * STAGGER_MS, pausedUntil)
}

/** Somebody else held it just now. */
function isWarm({ claimedAt }: Contest, now: number): boolean {
  return now - claimedAt <= WARM_MS
}

function takeover(contest: Contest, situation: Situation): { epoch: number; cause: Cause } {
  return contest.has('yielding')
    ? { epoch: above(contest.top), cause: 'handover' }
    : { epoch: epochFor(contest, situation), cause: 'takeover' }
}

/** [8] Who cannot know whether the holder lives claims less than the holder does. */
function epochFor({ previous, top }: Contest, { peers }: Situation): number {
  if (!peers.hasQuorum) return below(previous ?? Math.max(BASE_EPOCH, top))
  return previous === null ? Math.max(BASE_EPOCH, top) : above(top)
}

/** [9] */
function preemptionDueAt(contest: Contest, situation: Situation, isPossible: boolean): number {
  const { settings, now } = situation
  return contest.preemption.dueAt(isPossible && isBetter(contest, situation), settings.holdDown, now)
}

function isBetter(contest: Contest, { node, isStale, peers, settings }: Situation): boolean {
  const holder = contest.greatest('active')
  if (isStale || holder === null || holder.peer.listening) return false
  const their = contest.candidates.findIndex((candidate) => candidate.node === holder.peer.node)
  const theirs = contest.candidates[their]
  const mine = contest.candidates[contest.place]
  if (theirs === undefined || mine === undefined) {
    if (!holder.peer.stale) return false
  } else if (settings.failback === 'always' ? their < contest.place : theirs.score >= mine.score) return false
  if (holder.peer.node === node) return false
  for (let at = 0; at < contest.place; at++)
    if (peers.isCandidate(contest.candidates[at]?.node ?? '', false)) return false
  return true
}

/** Probing or blocked: the same, but that a blocked one probes later, and gives way to more. */
function fromProbing(contest: Contest, situation: Situation): Step | null {
  const { now } = situation
  const isBlocked = contest.state === 'blocked'
  if (isBlocked ? contest.has('active', 'probing') : contest.has('active'))
    return to('none', contest, 'occupied')
  for (const [peer, claim] of contest.claims) {
    // In the candidates' order, so that both addresses of a Service go to one node.
    if (!peer.deaf && claim.state === contest.state && precedes(peer, situation, contest.orderedBy))
      return to('none', contest, 'occupied')
  }
  if (now < contest.probeAt) return due(contest, contest.probeAt)
  if (contest.probesSent === PROBES)
    return { state: 'active', epoch: epochFor(contest, situation), cause: 'free' }
  situation.send('probe', contest)
  contest.probesSent++
  contest.probeAt = now + PROBE_INTERVAL_MS
  return due(contest, contest.probeAt)
}

function fromActive(contest: Contest, situation: Situation): Step | null {
  const { isLeaving } = situation
  const other = contest.greatest('active')
  if (other !== null && outranks(asRank(other), rankOf(contest, situation), contest.address))
    return to('none', contest, 'outranked')
  if (isLeaving || !contest.isEligible)
    return to('yielding', contest, contest.isEligible ? 'leaving' : 'ineligible')
  if (other !== null) return againstLesser(contest, situation, other)
  contest.rival = null
  reviseEpoch(contest, situation)
  if (contest.has('yielding')) return due(contest, holdAgainst(contest, situation, REPEAT_MS))
  return againstDeaf(contest, situation)
}

/**
 * [8] A claim made without a quorum is made good when there is one and nobody objects. And one made just before the
 * quorum was lost may have been heard by nobody: it is to rank as if it had been made without.
 */
function reviseEpoch(contest: Contest, situation: Situation): void {
  const { isListening, peers } = situation
  if (isListening || contest.isProvisional !== peers.hasQuorum) return
  const isUnheard = contest.since > peers.unheardSince && contest.since <= peers.lostQuorumAt
  if (!contest.isProvisional && !isUnheard) return
  contest.isProvisional = !peers.hasQuorum
  contest.epoch = epochFor(contest, situation)
  contest.top = Math.max(contest.top, contest.epoch)
  situation.repeat(contest)
}

/** [7] The lesser holder is told again, and believed not to hear it when that does not help. */
function againstLesser(contest: Contest, situation: Situation, { peer }: RankedClaim): Step | null {
  const { now } = situation
  if (!peer.quorum) contest.rival = null
  else if (contest.rival?.peer !== peer) contest.rival = { peer, since: now }
  const unheardAt = (contest.rival?.since ?? Infinity) + ONE_WAY_MS
  if (now >= unheardAt) return to('none', contest, 'unheard')
  return due(contest, Math.min(unheardAt, holdAgainst(contest, situation, REPEAT_MS)))
}

/** Tells the other holder and the clients again, at most every `interval` ms; returns when that is due next. */
function holdAgainst(contest: Contest, situation: Situation, interval: number): number {
  const { now } = situation
  if (now >= contest.repeatedAt + interval) {
    contest.repeatedAt = now
    situation.repeat(contest)
    situation.send('gratuitous', contest)
  }
  return contest.repeatedAt + interval
}

/** [7] A deaf peer goes on announcing itself: the clients are told again, and it is too if it hears a little. */
function againstDeaf(contest: Contest, situation: Situation): null {
  if (contest.claims.size === 0) return null
  for (const [peer, { state, epoch }] of contest.claims) {
    if (!peer.deaf || state !== 'active') continue
    const theirs = { epoch: peer.listening ? -1 : epoch, node: peer.node, instance: peer.instance }
    // Dead, it would have been outbid; once it hears again, it must find itself outbid.
    if (!situation.isListening && !outranks(rankOf(contest, situation), theirs, contest.address)) {
      contest.epoch = contest.top = above(contest.top)
      contest.repeatedAt = -Infinity
    }
    return due(contest, holdAgainst(contest, situation, peer.listening ? REPEAT_MS : REPEAT_TO_DEAF_MS))
  }
  return null
}

function fromYielding(contest: Contest, situation: Situation): Step | null {
  const { now, isLeaving } = situation
  const other = contest.greatest('yielding')
  if (
    contest.has('active') ||
    (other !== null && outranks(asRank(other), rankOf(contest, situation), contest.address))
  )
    return to('none', contest, 'relieved')
  if (contest.isEligible && !isLeaving) return to('active', contest, 'eligible')
  const end = contest.since + YIELD_MS
  return now < end ? due(contest, end) : to('none', contest, 'unrelieved')
}

/** This speaker's own claim. */
function rankOf({ epoch }: Contest, { node, instance, isListening }: Situation): Rank {
  return { epoch: isListening ? -1 : epoch, node, instance }
}

function to(state: ClaimState, { epoch }: Contest, cause: Cause): Step {
  return { state, epoch, cause }
}

function due(contest: Contest, at: number): null {
  contest.dueAt = at
  return null
}
