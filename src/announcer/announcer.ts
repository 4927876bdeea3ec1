// What one node sends on one interface about addresses: of those that it holds the gratuitous frames, and on request
// probes and defences; and who else was seen to use them. Whether it holds an address is decided elsewhere.
import { type Address, type AddressKey, addressKey } from '../ip/index.ts'
import type { Mac } from '../packet/index.ts'
import { type Conflict, ConflictWatch } from './conflict-watch.ts'
import { GratuitousSender } from './gratuitous.ts'
import type { FitLink } from './link.ts'
import { earliest } from './paced-queue.ts'
import { PROBE_FRAME } from './probe.ts'

export interface Frame {
  /** The address that the frame is about. */
  readonly address: Address
  /** The whole frame. */
  readonly bytes: Uint8Array
  readonly purpose: 'gratuitous' | 'probe' | 'defence'
}

/** All times are in ms of one clock that never goes back. */
export class Announcer {
  readonly #random: () => number
  readonly #held = new Map<AddressKey, Address>()
  readonly #watch: ConflictWatch
  #sender: GratuitousSender
  #link: FitLink // always of the same index
  #probes: Frame[] = []
  #silentUntil = -Infinity

  /** `random`: numbers in [0, 1), for jitter. */
  constructor(link: FitLink, random: () => number) {
    this.#random = random
    this.#link = link
    this.#watch = new ConflictWatch(random)
    this.#sender = new GratuitousSender(link.mac, random)
  }

  /** The interface as it is now: with another MAC everything is announced at once again. */
  setLink(link: FitLink, now: number): void {
    const before = this.#link
    this.#link = link
    if (before.mac === link.mac) return
    this.#sender = new GratuitousSender(link.mac, this.#random)
    for (const address of this.#held.values()) this.#sender.begin(address, now)
  }

  get link(): FitLink {
    return this.#link
  }

  /** Begins the gratuitous schedule of an address that is not held yet. */
  hold(address: Address, now: number): void {
    this.#held.set(addressKey(address), address)
    this.#sender.begin(address, now)
    this.#watch.begin(address, now)
  }

  /** No frame for the address follows, but a probe. */
  release(address: Address): void {
    this.#held.delete(addressKey(address))
    this.#sender.end(address)
    this.#watch.end(address)
  }

  /** Asks once whether anybody uses the address. */
  probe(address: Address): void {
    const bytes = PROBE_FRAME[address.family](this.#link.mac, address)
    this.#probes.push({ address, bytes, purpose: 'probe' })
  }

  /** Tells nobody before `until` what it holds. What would have been said again by then is said in its next turn. */
  fallSilent(until: number): void {
    this.#silentUntil = until
    this.#sender.fallSilent(until)
  }

  /** Announces a held address once more, at once. */
  repeat(address: Address, now: number): void {
    this.#sender.repeat(address, now)
  }

  /** Tells a stranger whose the address is; not more often than RFC 5227 allows once he was told enough. */
  defend(address: Address, now: number): void {
    this.#watch.defend(address, now)
  }

  /** A frame says that this MAC uses the address: a stranger's, or that of a peer that does not claim it. */
  observe(address: Address, mac: Mac, user: 'stranger' | 'peer', now: number): void {
    this.#watch.observe(address, mac, user, now)
  }

  /** Who else uses addresses that are held here, as long as they do. */
  get conflicts(): readonly Conflict[] {
    return this.#watch.conflicts
  }

  /** When `takeDue` should be called next; `null`: not before something changes. */
  get nextAt(): number | null {
    if (this.#probes.length > 0) return -Infinity
    const nextAt = earliest(this.#watch.nextAt, this.#sender.nextAt)
    return nextAt === null ? null : Math.max(nextAt, this.#silentUntil)
  }

  /** The frames to send at `now`, in order; they count as sent. */
  *takeDue(now: number): Generator<Frame> {
    const probes = this.#probes
    this.#probes = []
    yield* probes
    if (now < this.#silentUntil) return
    for (const frame of this.#watch.takeDue(this.#link.mac, now)) yield { ...frame, purpose: 'defence' }
    for (const frame of this.#sender.takeDue(now)) yield { ...frame, purpose: 'gratuitous' }
  }
}
