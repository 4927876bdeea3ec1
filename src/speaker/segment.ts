// This node's part in one segment: the election there, and the announcing of what was won in it. Pure: hellos, evidence,
// intents and the time in; frames, hellos and transitions out.

import { Announcer, type FitLink, type Frame, ListenerReports } from '../announcer/index.ts'
import { type Action, Instance, type InstanceInit, type Intent, type Transition } from '../election/index.ts'
import type { Address } from '../ip/index.ts'
import type { Hello, ListenerQuery, Mac } from '../packet/index.ts'
import type { Observation } from '../wire/index.ts'

/** What has to be done, in this order; before it the responder has to know the table. */
export interface SegmentOutput {
  /** Whole frames, to the switches and routers. */
  readonly reports: readonly Uint8Array[]
  readonly frames: readonly Frame[]
  readonly hellos: readonly Hello[]
  readonly transitions: readonly Transition[]
}

/** All times: ms of one monotonic clock. */
export class Segment {
  readonly #instance: Instance
  readonly #announcer: Announcer
  readonly #reports: ListenerReports
  #silencedUntil = -Infinity

  constructor(link: FitLink, init: InstanceInit, now: number) {
    this.#instance = new Instance(init)
    this.#announcer = new Announcer(link, init.random)
    this.#reports = new ListenerReports(link, init.random)
    this.#instance.setLinkUp(link.hasCarrier, now)
  }

  get link(): FitLink {
    return this.#announcer.link
  }

  /** The interface as it is now, of the same index. */
  setLink(link: FitLink, now: number): void {
    const before = this.link
    this.#announcer.setLink(link, now)
    this.#reports.setLink(link, now)
    const hasFlapped = before.hasCarrier && before.carrierChanges !== link.carrierChanges
    if (hasFlapped) this.#instance.setLinkUp(false, now)
    this.#instance.setLinkUp(link.hasCarrier, now)
  }

  /** Replaces all intents; see `Instance.setIntents`. */
  setIntents(intents: readonly Intent[], isStale: boolean, now: number): void {
    this.#instance.setIntents(intents, isStale, now)
  }

  /** Takes a hello in; returns why it was refused, or `null`. */
  receive(hello: Hello, mac: Mac, now: number): 'own' | 'replayed' | null {
    return this.#instance.receive(hello, mac, now)
  }

  /** Takes in a frame of somebody else about an address. */
  observe({ address, mac, kind }: Omit<Observation, 'interfaceIndex'>, now: number): void {
    const user = this.#instance.userOf(address, mac)
    if (kind !== 'probe' && user !== 'claimant') this.#announcer.observe(address, mac, user, now)
    const isSaidToAll = kind === 'announcement' || kind === 'request'
    this.#instance.observe({ address, mac, kind: isSaidToAll ? 'gratuitous' : kind }, now)
  }

  /** A router or switch asks who listens. */
  query(query: ListenerQuery, now: number): void {
    this.#reports.query(query, now)
  }

  /** Hands everything over and says goodbye; see `hasLeft`. */
  leave(now: number): void {
    this.#instance.leave(now)
  }

  /** See `Instance.lapse`. */
  lapse(now: number): void {
    this.#instance.lapse(now)
  }

  get isLeaving(): boolean {
    return this.#instance.isLeaving
  }

  get hasLeft(): boolean {
    return this.#instance.hasLeft
  }

  /** See `Instance.quietUntil`. */
  get quietUntil(): number {
    return this.#instance.quietUntil
  }

  get deadInterval(): number {
    return this.#instance.deadInterval
  }

  get instance(): Pick<Instance, 'isListening' | 'peers' | 'disputes' | 'strangers'> {
    return this.#instance
  }

  /** Strangers who use addresses that are announced here. */
  get conflicts(): readonly { readonly address: Address; readonly mac: Mac }[] {
    return this.#announcer.conflicts
  }

  /** When `run` has to be called, if nothing happens before; `Infinity`: no need to. */
  get nextAt(): number {
    const announcing = Math.min(this.#announcer.nextAt ?? Infinity, this.#reports.nextAt ?? Infinity)
    return Math.min(this.#instance.nextAt, announcing)
  }

  /** Does what is due. */
  run(now: number): SegmentOutput {
    if (now >= this.#instance.nextAt) this.#instance.tick(now)
    const { actions, hellos, transitions } = this.#instance.takeOutput()
    for (const action of actions) this.#act(action, now)
    this.#obeySilence()
    if (transitions.length > 0) this.#reports.listen(this.#instance.claimed(), now)
    const reports = this.#reports.takeDue(now)
    return { reports, frames: [...this.#announcer.takeDue(now)], hellos, transitions }
  }

  /** Who says no hello announces nothing either. */
  #obeySilence(): void {
    const { quietUntil } = this
    if (quietUntil === this.#silencedUntil) return
    this.#silencedUntil = quietUntil
    this.#announcer.fallSilent(quietUntil)
  }

  #act({ kind, address }: Action, now: number): void {
    if (kind === 'hold') this.#announcer.hold(address, now)
    else if (kind === 'release') this.#announcer.release(address)
    else if (kind === 'probe') this.#announcer.probe(address)
    else if (kind === 'defend') this.#announcer.defend(address, now)
    else this.#announcer.repeat(address, now)
  }
}
