// What one node announces: joins the addresses it holds and the interfaces it has into the responder's table and the
// gratuitous frames. Whether it should hold an address is decided elsewhere.
import type { Address } from '../ip/index.ts'
import { GratuitousSender } from './gratuitous.ts'
import { announcingLinks } from './interfaces.ts'
import type { FitLink } from './link.ts'
import { randomFrom } from './random.ts'

/** An address that this node holds. */
export interface Holding {
  readonly address: Address
  /** Exact names of the interfaces to announce it on; `null`: those with its subnet, or all. */
  readonly interfaces: readonly string[] | null
}

/** Where an address is announced; no entry for one that no interface fits. */
export interface Announced {
  readonly address: Address
  /** Sorted names. */
  readonly interfaces: readonly string[]
}

/** What the responder answers: `address` on the interfaces with these indexes. */
export interface TableEntry {
  readonly address: Address
  readonly interfaceIndexes: readonly number[]
}

export interface DueFrame {
  readonly interfaceIndex: number
  /** The address that the frame announces. */
  readonly address: Address
  /** The whole frame. */
  readonly bytes: Uint8Array
}

export interface AnnouncerInit {
  /** For jitter; different on every node. */
  seed: number
}

/** Of one interface, as long as neither its MAC nor its cable changed. */
interface Segment {
  readonly link: FitLink
  readonly sender: GratuitousSender
}

/** All times are in ms of one clock that never goes back. */
export class Announcer {
  readonly #random: () => number
  #segments: ReadonlyMap<number, Segment> = new Map()
  #table: readonly TableEntry[] = []
  #announced: readonly Announced[] = []

  constructor({ seed }: AnnouncerInit) {
    this.#random = randomFrom(seed)
  }

  /**
   * Makes `holdings` what is announced, on `links`: the interfaces that are listened on.
   *
   * A new pair of address and interface begins the gratuitous schedule; so does every address of an interface whose
   * MAC changed or whose cable was out. Of what is no longer held no frame follows.
   */
  update(holdings: readonly Holding[], links: readonly FitLink[], now: number): void {
    this.#segments = new Map(links.map((link) => [link.index, this.#segmentOf(link)]))
    const placed = holdings
      .map(({ address, interfaces }) => ({ address, links: announcingLinks(address, interfaces, links) }))
      .filter(({ links: chosen }) => chosen.length > 0)
    this.#table = placed.map(({ address, links: chosen }) => ({
      address,
      interfaceIndexes: chosen.map(({ index }) => index),
    }))
    this.#announced = placed.map(({ address, links: chosen }) => ({
      address,
      interfaces: chosen.map(({ name }) => name).sort(),
    }))
    const byIndex = groupByInterface(this.#table)
    for (const [index, { sender }] of this.#segments) sender.announce(byIndex.get(index) ?? [], now)
  }

  #segmentOf(link: FitLink): Segment {
    const before = this.#segments.get(link.index)
    const isSame = before?.link.mac === link.mac && before.link.carrierChanges === link.carrierChanges
    return { link, sender: isSame ? before.sender : new GratuitousSender(link.mac, this.#random) }
  }

  get table(): readonly TableEntry[] {
    return this.#table
  }

  get announced(): readonly Announced[] {
    return this.#announced
  }

  /** When `takeDue` should be called next; `null`: not before the next `update`. */
  get nextAt(): number | null {
    const instants = [...this.#segments.values()].flatMap(({ sender }) => sender.nextAt ?? [])
    return instants.length === 0 ? null : Math.min(...instants)
  }

  /** The frames to send at `now`, in order; they count as sent. */
  takeDue(now: number): readonly DueFrame[] {
    return [...this.#segments].flatMap(([interfaceIndex, { sender }]) =>
      [...sender.takeDue(now)].map((frame) => ({ interfaceIndex, ...frame })),
    )
  }
}

function groupByInterface(table: readonly TableEntry[]): Map<number, Address[]> {
  const groups = new Map<number, Address[]>()
  for (const { address, interfaceIndexes } of table) {
    for (const index of interfaceIndexes) {
      const group = groups.get(index)
      if (group === undefined) groups.set(index, [address])
      else group.push(address)
    }
  }
  return groups
}
