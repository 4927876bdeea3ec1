// What becomes of each address on one interface: asked for, announced, or left to who has it already.
import { type Address, formatAddress } from '../ip/index.ts'
import type { Mac } from '../packet/index.ts'
import { ConflictWatch } from './conflict-watch.ts'
import { GratuitousSender } from './gratuitous.ts'
import type { FitLink } from './link.ts'
import { earliest } from './paced-queue.ts'
import { Pacer } from './pacer.ts'
import { Prober } from './prober.ts'

/** Of all that is sent because somebody else has an address. */
const CONFLICT_FRAMES_PER_S = 100

/** So long after a takeover the former holder may still be heard: of frames on their way, or because it learns late. */
const HANDOVER_MS = 3000

/**
 * - `cold`: nobody is known to have had the address; it is asked for before it is used.
 * - `warm`: it is taken over from a node that announced it, so nobody is asked.
 */
export type Claim = 'cold' | 'warm'

/** What a frame of somebody else says of an address, see `Observation` of wire/. */
export type EvidenceKind = 'probe' | 'request' | 'reply' | 'announcement'

/** Somebody else has an address that this node should announce. */
export interface Stranger {
  readonly address: Address
  readonly mac: Mac
  /** Whether the address is announced here all the same: it was ours first. */
  readonly isAnnounced: boolean
}

export interface Frame {
  /** The address that the frame is about. */
  readonly address: Address
  /** The whole frame. */
  readonly bytes: Uint8Array
  readonly purpose: 'gratuitous' | 'probe' | 'defence'
}

interface Active {
  readonly address: Address
  /** Before this instant a stranger may be the former holder. */
  readonly settledAt: number
}

/** All times are in ms of one clock that never goes back. */
export class Segment {
  readonly #random: () => number
  readonly #active = new Map<string, Active>()
  readonly #prober: Prober
  readonly #watch: ConflictWatch
  #sender: GratuitousSender
  #link: FitLink // always of the same index

  constructor(link: FitLink, random: () => number) {
    const pacer = new Pacer(CONFLICT_FRAMES_PER_S)
    this.#random = random
    this.#link = link
    this.#prober = new Prober(random, pacer)
    this.#watch = new ConflictWatch(random, pacer)
    this.#sender = new GratuitousSender(link.mac, random)
  }

  get link(): FitLink {
    return this.#link
  }

  /** The interface as it is now: with another MAC, or after its cable was out, everything begins at once again. */
  setLink(link: FitLink, now: number): void {
    const before = this.#link
    this.#link = link
    const isSame = before.mac === link.mac && before.carrierChanges === link.carrierChanges
    if (isSame) return
    this.#sender = new GratuitousSender(link.mac, this.#random)
    for (const { address } of this.#active.values()) this.#sender.begin(address, now)
    this.#prober.restart(now)
  }

  /** Makes these the addresses that are announced or asked for; the claim counts for those that are new. */
  hold(wanted: ReadonlyMap<string, { readonly address: Address; readonly claim: Claim }>, now: number): void {
    for (const [text, { address }] of this.#active) if (!wanted.has(text)) this.#release(address)
    for (const address of this.#prober.addresses)
      if (!wanted.has(formatAddress(address))) this.#prober.end(address)
    for (const [text, { address, claim }] of wanted) {
      if (this.#active.has(text) || this.#prober.has(address)) continue
      if (claim === 'warm') this.#activate(address, now, now + HANDOVER_MS)
      else this.#prober.begin(address, now)
    }
  }

  #activate(address: Address, now: number, settledAt: number): void {
    this.#active.set(formatAddress(address), { address, settledAt })
    this.#sender.begin(address, now)
  }

  #release(address: Address): void {
    this.#active.delete(formatAddress(address))
    this.#sender.end(address)
    this.#watch.end(address)
  }

  /** Whether an address, as text, is announced. */
  isActive(text: string): boolean {
    return this.#active.has(text)
  }

  get activeCount(): number {
    return this.#active.size
  }

  /** A frame of somebody who is no speaker that this node knows. */
  observe(address: Address, mac: Mac, kind: EvidenceKind, now: number): void {
    if (this.#active.has(formatAddress(address))) {
      // Who only asks whether the address is free has its answer from the responder.
      if (kind !== 'probe') this.#watch.observe(address, mac, now)
    } else this.#prober.observe(address, mac, now)
  }

  get strangers(): readonly Stranger[] {
    const taken = this.#prober.taken.map(({ address, by }) => ({ address, mac: by, isAnnounced: false }))
    const conflicts = this.#watch.conflicts
      .filter(
        ({ address, seenAt }) => seenAt >= (this.#active.get(formatAddress(address))?.settledAt ?? Infinity),
      )
      .map(({ address, by }) => ({ address, mac: by, isAnnounced: true }))
    return [...taken, ...conflicts]
  }

  /** When `takeDue` should be called next; `null`: not before something changes. */
  get nextAt(): number | null {
    const probing = this.#link.hasCarrier ? this.#prober.nextAt : null
    return earliest(probing, this.#watch.nextAt, this.#sender.nextAt)
  }

  /** The frames to send at `now`, in order; they count as sent. Addresses found free are announced from here on. */
  *takeDue(now: number): Generator<Frame> {
    const { mac, hasCarrier } = this.#link
    if (hasCarrier) {
      // Without a cable nobody can object, and silence means nothing.
      const { frames, free } = this.#prober.takeDue(mac, now)
      for (const address of free) this.#activate(address, now, now)
      for (const frame of frames) yield { ...frame, purpose: 'probe' }
    }
    for (const frame of this.#watch.takeDue(mac, now)) yield { ...frame, purpose: 'defence' }
    for (const frame of this.#sender.takeDue(now)) yield { ...frame, purpose: 'gratuitous' }
  }
}
