// One speaker on one segment: joins what it hears, what it may hold and the time into claims. It reads no clock, draws no
// random number and sends nothing itself: times and draws come in, hellos and frames go out as values.
import { type Address } from '../ip/index.ts'
import { type ClaimState, type Hello, type Mac, splitClaims } from '../packet/index.ts'
import { Contest } from './contest.ts'
import { Listening } from './listening.ts'
import { Listing } from './listing.ts'
import type { Candidate } from './order.ts'
import { type Peer, Peers } from './peers.ts'
import { type Cause, type Situation, type Step, nextStep } from './table.ts'
import {
  BURST_SPACING_MS,
  GONE_HELLOS,
  INTRODUCE_MS,
  MEMORY_MS,
  PAUSE_MS,
  RETRY_JITTER,
  RETRY_MS,
  RETRY_SPACING_MS,
  SLICE_MS,
  type Settings,
  YIELD_MS,
  YOUNG_MS,
  deadIntervalFor,
  helloIntervalFor,
} from './timing.ts'

/** What this node may do about one address. */
export interface Intent {
  readonly address: Address
  /** Nodes that may hold it, first choice first; this node may be missing. */
  readonly candidates: readonly Candidate[]
}

export interface InstanceInit {
  readonly node: string
  /** 64 random bits drawn for this start and interface, as 16 lower-case hexadecimal digits. */
  readonly instance: string
  readonly settings: Settings
  /** Numbers in [0, 1), for jitter. */
  readonly random: () => number
}

/** A frame seen by the responder whose sender has, or probes for, an address of the intents. */
export interface Observation {
  readonly address: Address
  readonly mac: Mac
  readonly kind: 'probe' | 'reply' | 'gratuitous'
}

/**
 * - `hold`: answer for it, and announce it; `release`: no longer.
 * - `probe`: send one probe. What answers it comes back as `Observation`.
 * - `gratuitous`: announce it once more; `defend`: the same, against a stranger.
 */
export interface Action {
  readonly kind: 'hold' | 'release' | 'probe' | 'gratuitous' | 'defend'
  readonly address: Address
}

export interface Transition {
  readonly address: Address
  readonly from: ClaimState
  readonly to: ClaimState
  readonly cause: Cause
  readonly at: number
}

/** In the order in which it has to be done: hellos last. */
export interface Output {
  readonly actions: readonly Action[]
  readonly hellos: readonly Hello[]
  readonly transitions: readonly Transition[]
}

/** All times: ms of one monotonic clock. */
export class Instance implements Situation {
  readonly node: string
  readonly instance: string
  readonly settings: Settings
  readonly peers: Peers
  readonly #random: () => number
  readonly #contests = new Map<bigint, Contest>()
  readonly #listening = new Listening()
  readonly #listing = new Listing()

  now = 0
  isUp = false
  isListening = false
  readySince = 0
  isLeaving = false
  isStale = false

  #knowsCluster = false
  #sequence = 0
  #helloAt = Infinity
  #sentAt = -Infinity
  #retryAt = -Infinity
  #forgetAt = 0
  #downAt = 0
  #leaveBy = Infinity
  #goneSent = 0
  #askingUntil = -Infinity
  #nextAt = Infinity

  #dirty = new Set<Contest>()
  #allDirty = false
  /** Those with a `dueAt`. */
  readonly #timed = new Set<Contest>()
  #actions: Action[] = []
  #hellos: Hello[] = []
  #transitions: Transition[] = []

  constructor({ node, instance, settings, random }: InstanceInit) {
    this.node = node
    this.instance = instance
    this.settings = settings
    this.#random = random
    this.peers = new Peers(node, instance)
  }

  /** When `tick` has to be called, if nothing else is before; `Infinity`: no need to. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** After `leave`: everything is said and done. */
  get hasLeft(): boolean {
    return this.#goneSent === GONE_HELLOS || (this.isLeaving && !this.isUp)
  }

  /** Replaces all intents. `isStale`: the view of the cluster that they come from may be an old one. */
  setIntents(intents: readonly Intent[], isStale: boolean, now: number): void {
    this.#enter(now)
    if (!this.#knowsCluster && intents.length > 0) {
      this.#knowsCluster = true
      this.peers.suppose(
        new Set(intents.flatMap(({ candidates }) => candidates.map(({ node }) => node))),
        now,
      )
    }
    const missing = new Set(this.#contests.values())
    for (const { address, candidates } of intents) {
      const contest = this.#contestOf(address)
      missing.delete(contest)
      const place = candidates.findIndex(({ node }) => node === this.node)
      if (place >= 0 && contest.place < 0) contest.eligibleSince = now
      contest.candidates = candidates
      contest.place = place
    }
    for (const contest of missing) {
      contest.candidates = null
      contest.place = -1
    }
    if (this.isStale !== isStale) this.#announce()
    this.isStale = isStale
    this.#allDirty = true
    this.#settle()
  }

  setLinkUp(isUp: boolean, now: number): void {
    if (isUp === this.isUp) return
    this.#enter(now)
    this.isUp = isUp
    if (isUp) {
      this.peers.excuse(now - this.#downAt)
      this.#listening.begin(now)
      this.#announce()
    } else this.#downAt = now
    this.#allDirty = true
    this.#settle()
  }

  /** SIGTERM: hands everything over, then says goodbye; see `hasLeft`. */
  leave(now: number): void {
    this.#enter(now)
    this.isLeaving = true
    this.#leaveBy = now + YIELD_MS
    this.#announce()
    this.#allDirty = true
    this.#settle()
  }

  /** Takes a hello in; `mac`: whose frame it came in. Returns why it was refused, or `null`. */
  receive(hello: Hello, mac: Mac, now: number): 'own' | 'replayed' | null {
    if (!this.isUp) return null
    this.#enter(now)
    const heard = this.peers.hear(hello, mac, now)
    if ('refused' in heard) {
      this.#settle()
      return heard.refused
    }
    if ('gone' in heard) {
      if (heard.gone !== null) this.#loseAll(heard.gone)
    } else {
      const { peer, isNew, changed } = heard
      if (isNew) this.#ask()
      if (isNew || hello.asking) this.#introduce()
      if (changed) this.#allDirty = true
      if (hello.quorum) this.#listening.heardQuorum(this.peers.hasQuorum, this.#helloInterval, now)
      for (const { address, state, epoch } of hello.claims) this.#learn(peer, address, state, epoch)
    }
    this.#settle()
    return null
  }

  /** Takes in what the responder saw of an address on the wire. */
  observe({ address, mac, kind }: Observation, now: number): void {
    const contest = this.#contests.get(keyOf(address))
    if (contest === undefined || !this.isUp) return
    this.#enter(now)
    if (contest.state === 'active') this.#observeActive(contest, mac, kind)
    else if (contest.state === 'probing' || (contest.state === 'blocked' && contest.probesSent > 0))
      this.#observeProbing(contest, mac, kind)
    this.#settle()
  }

  /** Does what is due. */
  tick(now: number): void {
    this.#enter(now)
    this.#judgePeers()
    for (const contest of this.#timed) if (now >= contest.dueAt) this.#dirty.add(contest)
    this.#settle()
  }

  takeOutput(): Output {
    const output = { actions: this.#actions, hellos: this.#hellos, transitions: this.#transitions }
    if (output.actions.length > 0) this.#actions = []
    if (output.hellos.length > 0) this.#hellos = []
    if (output.transitions.length > 0) this.#transitions = []
    return output
  }

  send(kind: Action['kind'], { address }: Contest): void {
    this.#actions.push({ kind, address })
  }

  repeat(contest: Contest): void {
    this.#listing.set(contest, contest.address, contest.state, contest.epoch, this.now)
    this.#announce()
  }

  /** Moves time on, and notices when that should have happened earlier. */
  #enter(now: number): void {
    const lateness = now - this.#nextAt
    this.now = now
    const dead = this.#deadInterval
    if (lateness <= dead / 2 || !this.isUp) return
    this.peers.excuse(lateness)
    this.#listening.stalled(lateness, dead, now)
    this.#allDirty = true
    this.#nextAt = now
  }

  get #helloInterval(): number {
    return helloIntervalFor(this.peers.living.size, this.settings)
  }

  get #deadInterval(): number {
    return deadIntervalFor(this.#helloInterval, this.settings)
  }

  /** Until then the claims of some peer may not be known. */
  get informedAt(): number {
    return this.#askingUntil
  }

  #contestOf(address: Address): Contest {
    const key = keyOf(address)
    let contest = this.#contests.get(key)
    if (contest === undefined) {
      contest = new Contest(address, this.now)
      this.#contests.set(key, contest)
    }
    return contest
  }

  #learn(peer: Peer, address: Address, state: ClaimState, epoch: number): void {
    const contest = this.#contestOf(address)
    if (contest.learn(peer, state, epoch, this.now)) this.#dirty.add(contest)
    contest.evidence.clear(peer.mac)
  }

  /** What a new peer claims, or what this speaker missed, is not known yet. */
  #ask(): void {
    this.#askingUntil = this.now + INTRODUCE_MS
    this.#announce()
  }

  #introduce(): void {
    this.#listing.introduce(this.now)
    this.#announce()
  }

  #loseAll(peer: Peer): void {
    for (const contest of peer.claims.keys()) contest.lose(peer, this.now)
    this.#allDirty = true
  }

  #observeProbing(contest: Contest, mac: Mac, kind: Observation['kind']): void {
    if (!this.peers.hasMac(mac)) this.#block(contest)
    else if (kind !== 'probe') {
      contest.pausedUntil = this.now + PAUSE_MS
      this.#apply(contest, { state: 'none', epoch: contest.epoch, cause: 'answered' })
    }
  }

  #observeActive(contest: Contest, mac: Mac, kind: Observation['kind']): void {
    if (kind === 'probe' || this.peers.hasMac(mac)) return
    const { defend, persists } = contest.evidence.add(mac, this.now)
    if (defend) this.send('defend', contest)
    const isYoung = this.now - contest.since < YOUNG_MS
    if (persists && (isYoung || this.peers.isAlone)) this.#block(contest)
  }

  #block(contest: Contest): void {
    this.#apply(contest, { state: 'blocked', epoch: contest.epoch, cause: 'stranger' })
  }

  #apply(contest: Contest, { state, epoch, cause }: Step): void {
    const wasAnswering = contest.isAnswering
    const from = contest.state
    contest.state = state
    contest.epoch = epoch
    contest.since = this.now
    contest.vacantSince = null
    contest.rival = null
    contest.repeatedAt = this.now
    contest.probesSent = 0
    contest.probeAt = state === 'blocked' ? this.#retrySlot() : this.now
    if (contest.isAnswering) contest.top = Math.max(contest.top, epoch)
    if (state === 'active' && from !== 'yielding') contest.isProvisional = !this.peers.hasQuorum
    if (contest.isAnswering !== wasAnswering) this.send(wasAnswering ? 'release' : 'hold', contest)
    if (from !== state)
      this.#transitions.push({ address: contest.address, from, to: state, cause, at: this.now })
    this.#dirty.add(contest)
    this.repeat(contest)
  }

  /** Retries are spread, so that two watchers do not probe in step, and so that thousands do not probe at once. */
  #retrySlot(): number {
    const wanted = this.now + RETRY_MS * (1 + RETRY_JITTER * (2 * this.#random() - 1))
    this.#retryAt = Math.max(wanted, this.#retryAt + RETRY_SPACING_MS)
    return this.#retryAt
  }

  #forget(): void {
    this.#forgetAt = this.now + SLICE_MS
    for (const { peer, contest } of this.peers.forget(this.now)) {
      contest.lose(peer, this.now)
      this.#dirty.add(contest)
    }
    for (const [key, contest] of this.#contests) {
      const isUnused = contest.candidates === null && contest.state === 'none' && contest.claims.size === 0
      if (isUnused && this.now - Math.max(contest.since, contest.claimedAt) > MEMORY_MS)
        this.#contests.delete(key)
    }
  }

  /** A hello as soon as the last one is far enough away. */
  #announce(): void {
    if (this.#goneSent === 0) this.#helloAt = Math.min(this.#helloAt, this.#sentAt + BURST_SPACING_MS)
  }

  #judgePeers(): void {
    if (!this.isUp) return
    const { dead, changed } = this.peers.refresh(this.now)
    for (const peer of dead) this.#loseAll(peer)
    if (changed) this.#allDirty = true
    if (this.now >= this.#forgetAt) this.#forget()
  }

  #settle(): void {
    // Hellos that come in may leave nothing for `tick` to do; what this speaker says has to be right all the same.
    if (this.now >= this.#helloAt) this.#judgePeers()
    this.#settleListening()
    const contests = this.#allDirty ? this.#contests.values() : this.#dirty
    const wasAll = this.#allDirty
    this.#allDirty = false
    for (const contest of contests) {
      for (let step = nextStep(contest, this); step !== null; step = nextStep(contest, this))
        this.#apply(contest, step)
      if (contest.dueAt < Infinity) this.#timed.add(contest)
      else this.#timed.delete(contest)
    }
    if (wasAll || this.#dirty.size > 0) this.#dirty.clear()
    this.#say()
    this.#nextAt = this.#soonest()
  }

  #settleListening(): void {
    const isListening = this.#listening.isOn(this.now)
    if (isListening === this.isListening) return
    this.isListening = isListening
    if (isListening) this.#ask()
    else this.readySince = this.now
    this.#allDirty = true
    this.#announce()
  }

  #say(): void {
    if (!this.isUp || this.hasLeft || this.now < Math.max(this.#helloAt, this.#listening.quietUntil)) return
    const gone = this.isLeaving && (this.now >= this.#leaveBy || !this.#isHolding())
    if (gone) this.#goneSent++
    const claims = this.#listing.take(this.#helloInterval, this.now)
    for (const part of splitClaims(claims)) this.#hellos.push(this.#hello(part, gone))
    this.#sentAt = this.now
    this.#helloAt = this.now + (gone ? BURST_SPACING_MS : this.#helloInterval)
  }

  #hello(claims: Hello['claims'], gone: boolean): Hello {
    return {
      instance: this.instance,
      node: this.node,
      sequence: ++this.#sequence,
      deadInterval: this.#deadInterval,
      listening: this.isListening,
      leaving: this.isLeaving,
      gone,
      stale: this.isStale,
      quorum: this.peers.hasQuorum && !this.#listening.isFirst(this.now),
      asking: this.now < this.#askingUntil,
      claims,
    }
  }

  #isHolding(): boolean {
    for (const { isAnswering } of this.#contests.values()) if (isAnswering) return true
    return false
  }

  #soonest(): number {
    if (!this.isUp) return Infinity
    let at = Math.max(this.#helloAt, this.#listening.quietUntil)
    if (this.hasLeft) return Infinity
    at = Math.min(at, this.peers.nextVerdictAt)
    if (this.isListening) at = Math.min(at, this.#listening.until)
    if (this.#timed.size > 0) for (const { dueAt } of this.#timed) at = Math.min(at, dueAt)
    return at
  }
}

/** Both families in one map: IPv6 addresses as negative numbers. */
function keyOf({ family, value }: Address): bigint {
  return family === 'IPv4' ? value : ~value
}
