// One speaker on one segment: joins what it hears, what it may hold and the time into claims. It reads no clock, draws no
// random number and sends nothing itself: times and draws come in, hellos and frames go out as values.
import type { Address } from '../ip/index.ts'
import type { ClaimState, Hello, Mac } from '../packet/index.ts'
import type { Contest, Intent } from './contest.ts'
import { Contests } from './contests.ts'
import { Listening } from './listening.ts'
import type { Action, Output, Transition } from './output.ts'
import { type Peer, Peers } from './peers.ts'
import { ProbeSlots } from './probe-slots.ts'
import { type Situation, type Step, nextStep } from './table.ts'
import {
  CLAIM_EXPIRY_MS,
  GIVEN_UP_MS,
  PAUSE_MS,
  SLICE_MS,
  type Settings,
  YIELD_MS,
  YOUNG_MS,
  deadIntervalFor,
  helloIntervalFor,
} from './timing.ts'
import { Voice } from './voice.ts'

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

/** All times: ms of one monotonic clock. */
export class Instance {
  readonly node: string
  readonly #instance: string
  readonly #settings: Settings
  readonly peers: Peers
  readonly #contests: Contests
  readonly #listening = new Listening()
  readonly #voice = new Voice()
  readonly #probeSlots: ProbeSlots
  readonly #situation: Situation

  #knowsCluster = false
  #downSince = 0
  /** Claims heard before then have to be heard again while this speaker listens. */
  #awayUntil = -Infinity
  #leaveBy = Infinity
  #forgetAt = 0
  #nextAt = Infinity
  #actions: Action[] = []
  #hellos: Hello[] = []
  #transitions: Transition[] = []

  constructor({ node, instance, settings, random }: InstanceInit) {
    this.node = node
    this.#instance = instance
    this.#settings = settings
    this.#probeSlots = new ProbeSlots(random)
    this.peers = new Peers(node, instance)
    this.#contests = new Contests(node)
    this.#situation = {
      now: 0,
      node,
      instance,
      settings,
      peers: this.peers,
      isUp: false,
      isListening: false,
      readySince: 0,
      informedAt: 0,
      isLeaving: false,
      isStale: false,
      send: (kind, { address }) => this.#actions.push({ kind, address }),
      drawColdSlot: () => this.#probeSlots.forCold(this.#situation.now),
      repeat: (contest) => this.#voice.list(contest, this.#situation.now),
    }
  }

  /** When `tick` has to be called, if nothing else is before; `Infinity`: no need to. */
  get nextAt(): number {
    return this.#nextAt
  }

  get isListening(): boolean {
    return this.#situation.isListening
  }

  /** It was late or frozen, and the others may hold what it believes to hold: before this instant it says nothing. */
  get quietUntil(): number {
    return this.#listening.quietUntil
  }

  get isLeaving(): boolean {
    return this.#situation.isLeaving
  }

  /** How long the others wait for a hello of this speaker before they take it for dead. */
  get deadInterval(): number {
    return deadIntervalFor(this.#helloInterval, this.#settings)
  }

  /** Addresses that this speaker claims, in whatever state. */
  *claimed(): Generator<Address> {
    for (const { address } of this.#contests.own) yield address
  }

  /** Addresses that this speaker would hold, and who uses them instead. */
  *strangers(): Generator<{ readonly address: Address; readonly mac: Mac }> {
    for (const { address, stranger } of this.#contests.blocked)
      if (stranger !== null) yield { address, mac: stranger }
  }

  /** Who has this MAC, which uses the address: `peer` is a living one that does not claim it. */
  userOf(address: Address, mac: Mac): 'stranger' | 'peer' | 'claimant' {
    if (!this.peers.hasMac(mac)) return 'stranger'
    return this.#contests.get(address)?.isAnsweredBy(this.peers.withMac(mac)) === true ? 'claimant' : 'peer'
  }

  /** Addresses that two others hold who both live: they do not hear each other, or have not yet. */
  *disputes(): Generator<{ readonly address: Address; readonly nodes: readonly string[] }> {
    for (const { address, claims } of this.#contests.shared) {
      const nodes = [...claims].flatMap(([{ node, deaf }, { state }]) =>
        state === 'active' && !deaf ? [node] : [],
      )
      if (nodes.length > 1) yield { address, nodes: nodes.sort() }
    }
  }

  /** After `leave`: everything is said and done. */
  get hasLeft(): boolean {
    return this.#voice.hasSaidGoodbye || (this.isLeaving && !this.#situation.isUp)
  }

  /**
   * Replaces all intents; one that has not changed may be the same object. `isStale`: the view of the cluster that they
   * come from may be an old one.
   */
  setIntents(intents: readonly Intent[], isStale: boolean, now: number): void {
    this.#enter(now)
    if (!this.#knowsCluster) this.#supposePeers(intents)
    this.#contests.intend(intents, now)
    if (this.#situation.isStale !== isStale) {
      this.#situation.isStale = isStale
      this.#voice.hasten()
      this.#contests.doubtAll()
    }
    this.#settle()
  }

  /** Who may hold an address that this node may not is perhaps on another segment; who shares one with it, rarely. */
  #supposePeers(intents: readonly Intent[]): void {
    for (const { candidates } of intents) {
      if (!candidates.some(({ node }) => node === this.node)) continue
      this.#knowsCluster = true
      this.peers.suppose(
        candidates.map(({ node }) => node),
        this.#situation.now,
      )
    }
  }

  setLinkUp(isUp: boolean, now: number): void {
    if (isUp === this.#situation.isUp) return
    this.#enter(now)
    this.#situation.isUp = isUp
    if (isUp) {
      this.#excuse(now - this.#downSince)
      this.#listening.begin(now)
      this.#voice.hasten()
    } else this.#downSince = now
    this.#contests.doubtAll()
    this.#settle()
  }

  /** SIGTERM: hands everything over, then says goodbye; see `hasLeft`. */
  leave(now: number): void {
    this.#enter(now)
    this.#situation.isLeaving = true
    this.#leaveBy = now + YIELD_MS
    this.#voice.hasten()
    this.#contests.doubtAll()
    this.#settle()
  }

  /** Its last hello is older than the others wait, whatever was late: they took this speaker for dead. */
  lapse(now: number): void {
    if (!this.#situation.isUp) return
    this.#enter(now)
    this.#listening.stalled(true, now)
    this.#contests.doubtAll()
    this.#settle()
  }

  /**
   * Takes a hello in; `mac`: whose frame it came in. Returns why it was refused, or `null`. What follows from it is for
   * `tick`, due at once: hellos come by the hundred, and one that changes much makes every address be looked at.
   */
  receive(hello: Hello, mac: Mac, now: number): 'own' | 'replayed' | null {
    if (!this.#situation.isUp) return null
    this.#enter(now)
    const heard = this.peers.hear(hello, mac, now)
    if ('refused' in heard) return heard.refused
    this.#nextAt = now
    if ('gone' in heard) {
      if (heard.gone !== null) this.#contests.bereave(heard.gone, now)
    } else {
      const { peer, isNew, asks, changed } = heard
      if (isNew) this.#voice.ask(this.#helloInterval, now)
      if (isNew || asks) this.#voice.introduce(this.#helloInterval, now)
      if (changed) this.#contests.doubtAll()
      if (hello.quorum) this.#listening.heardQuorum(this.peers.hasQuorum, this.#helloInterval, now)
      for (const { address, state, epoch } of hello.claims) this.#learn(peer, address, state, epoch)
    }
    return null
  }

  /** Takes in what the responder saw of an address on the wire; `tick` is due at once, as after `receive`. */
  observe({ address, mac, kind }: Observation, now: number): void {
    const contest = this.#contests.get(address)
    if (contest === undefined || !this.#situation.isUp) return
    this.#enter(now)
    if (contest.state === 'active') this.#observeActive(contest, mac, kind)
    else if (contest.isProbing) this.#observeProbing(contest, mac, kind)
    this.#nextAt = now
  }

  /** Does what is due. */
  tick(now: number): void {
    this.#enter(now)
    this.#contests.wake(now)
    this.#settle()
  }

  takeOutput(): Output {
    const output = { actions: this.#actions, hellos: this.#hellos, transitions: this.#transitions }
    if (output.actions.length > 0) this.#actions = []
    if (output.hellos.length > 0) this.#hellos = []
    if (output.transitions.length > 0) this.#transitions = []
    return output
  }

  /** Moves time on, and notices when that should have happened earlier. */
  #enter(now: number): void {
    const lateness = now - this.#nextAt
    this.#situation.now = now
    const dead = this.deadInterval
    if (lateness <= 0 || !this.#situation.isUp) return
    if (lateness <= this.peers.leastDeadInterval(dead) / 2) return
    this.#excuse(lateness)
    this.#listening.stalled(lateness > dead, now)
    this.#contests.doubtAll()
    this.#nextAt = now
  }

  /** For so long it heard nobody. What was given up meanwhile may not be said any more when it hears them again. */
  #excuse(duration: number): void {
    this.peers.excuse(duration)
    if (duration > GIVEN_UP_MS - SLICE_MS) this.#awayUntil = this.#situation.now
  }

  get #helloInterval(): number {
    return helloIntervalFor(this.peers.living.size, this.#settings)
  }

  #learn(peer: Peer, address: Address, state: ClaimState, epoch: number): void {
    const { now } = this.#situation
    const contest = this.#contests.open(address, now)
    if (contest.learn(peer, state, epoch, now)) this.#contests.doubt(contest)
    contest.evidence.clear(peer.mac)
  }

  #observeProbing(contest: Contest, mac: Mac, kind: Observation['kind']): void {
    const { now } = this.#situation
    const user = this.userOf(contest.address, mac)
    if (user === 'stranger') this.#block(contest, mac)
    else if (kind === 'probe') return
    else if (user === 'peer' && contest.unclaimed.add(now)) this.#block(contest, mac)
    else {
      contest.pausedUntil = now + PAUSE_MS
      this.#apply(contest, { state: 'none', epoch: contest.epoch, cause: 'answered' })
    }
  }

  #observeActive(contest: Contest, mac: Mac, kind: Observation['kind']): void {
    const user = this.userOf(contest.address, mac)
    if (kind === 'probe' || user === 'claimant') return
    const { now } = this.#situation
    const isStranger = user === 'stranger'
    const { defend, persists } = contest.evidence.add(mac, now)
    if (defend) this.#actions.push({ kind: 'defend', address: contest.address })
    if (isStranger && persists && (now - contest.since < YOUNG_MS || this.peers.isAlone))
      this.#block(contest, mac)
  }

  #block(contest: Contest, stranger: Mac): void {
    contest.stranger = stranger
    this.#apply(contest, { state: 'blocked', epoch: contest.epoch, cause: 'stranger' })
  }

  #apply(contest: Contest, step: Step): void {
    const { now } = this.#situation
    const { address, state: from, isAnswering: wasAnswering, lastHolder } = contest
    contest.enter(step, this.#firstProbeAt(step.state), now)
    if (step.state === 'active' && !wasAnswering) contest.isProvisional = !this.peers.hasQuorum
    if (contest.isAnswering !== wasAnswering)
      this.#actions.push({ kind: wasAnswering ? 'release' : 'hold', address })
    if (from !== step.state)
      this.#transitions.push({
        address,
        from,
        to: step.state,
        cause: step.cause,
        at: now,
        peer: lastHolder && { node: lastHolder.node, heardAt: lastHolder.heardAt },
      })
    this.#contests.doubt(contest)
    this.#voice.list(contest, now)
  }

  /** When a claim that comes into this state sends its first probe. */
  #firstProbeAt(state: ClaimState): number {
    const { now } = this.#situation
    if (state === 'blocked') return this.#probeSlots.forRetry(now)
    return state === 'probing' ? now : Infinity
  }

  #judgePeers(): void {
    const { isUp, now } = this.#situation
    if (!isUp) return
    const { dead, changed } = this.peers.refresh(now, this.deadInterval)
    for (const peer of dead) this.#contests.bereave(peer, now)
    if (changed) this.#contests.doubtAll()
    if (now >= this.#forgetAt) this.#forget(now)
  }

  #forget(now: number): void {
    this.#forgetAt = now + SLICE_MS
    this.peers.forget(now)
    this.#end(this.peers.unrefreshed(now - CLAIM_EXPIRY_MS))
    this.#contests.forget(now)
  }

  /** Their owners live, and do not list them any more. */
  #end(claims: Iterable<{ readonly peer: Peer; readonly contest: Contest }>): void {
    for (const { peer, contest } of claims) {
      contest.lose(peer, this.#situation.now)
      this.#contests.doubt(contest)
    }
  }

  #settle(): void {
    const situation = this.#situation
    this.#judgePeers()
    this.#settleListening()
    situation.informedAt = this.#voice.askingUntil
    this.#contests.settle((contest) => {
      for (let step = nextStep(contest, situation); step !== null; step = nextStep(contest, situation))
        this.#apply(contest, step)
    })
    this.#speak()
    this.#nextAt = this.#soonest()
  }

  #settleListening(): void {
    const situation = this.#situation
    const isListening = this.#listening.isOn(situation.now)
    if (isListening === situation.isListening) return
    situation.isListening = isListening
    if (isListening) this.#voice.ask(this.#helloInterval, situation.now)
    else {
      this.#end(this.peers.unrefreshed(this.#awayUntil))
      situation.readySince = situation.now
    }
    this.#contests.doubtAll()
    this.#voice.hasten()
  }

  #speak(): void {
    const { now, isUp, isListening, isLeaving, isStale } = this.#situation
    if (!isUp || now < Math.max(this.#voice.dueAt, this.#listening.quietUntil)) return
    const condition = {
      instance: this.#instance,
      node: this.node,
      deadInterval: this.deadInterval,
      listening: isListening,
      leaving: isLeaving,
      gone: isLeaving && (now >= this.#leaveBy || !this.#contests.isAnyAnswering()),
      stale: isStale,
      quorum: this.peers.hasQuorum && !this.#listening.isFirst(now),
    }
    this.#hellos.push(...this.#voice.speak(condition, this.#helloInterval, now))
  }

  #soonest(): number {
    if (!this.#situation.isUp || this.hasLeft) return Infinity
    const speakAt = Math.max(this.#voice.dueAt, this.#listening.quietUntil)
    const listenUntil = this.isListening ? this.#listening.until : Infinity
    return Math.min(speakAt, listenUntil, this.peers.nextVerdictAt, this.#contests.nextDueAt)
  }
}
