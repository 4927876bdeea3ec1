// What one node announces: joins the addresses it should hold and the interfaces it has into the responder's table and
// the frames to send. Whether it should hold an address is decided elsewhere.
import { type Address, formatAddress } from '../ip/index.ts'
import type { Mac } from '../packet/index.ts'
import { announcingLinks } from './interfaces.ts'
import type { FitLink } from './link.ts'
import { earliest } from './paced-queue.ts'
import { randomFrom } from './random.ts'
import { type Claim, type EvidenceKind, type Frame, Segment, type Stranger } from './segment.ts'

/** An address that this node should hold. */
export interface Holding {
  readonly address: Address
  /** Exact names of the interfaces to announce it on; `null`: those with its subnet, or all. */
  readonly interfaces: readonly string[] | null
  /** Of account when the holding is new on an interface. */
  readonly claim: Claim
}

/** The state of the node on which `update` is based. */
export interface Surroundings {
  readonly holdings: readonly Holding[]
  /** Fit interfaces, see `fitLinks`. */
  readonly links: readonly FitLink[]
  /** Indexes of those of them that cannot be listened on. */
  readonly deaf: ReadonlySet<number>
}

/** Where an address is announced. */
export interface Announced {
  readonly address: Address
  /** Sorted names. */
  readonly interfaces: readonly string[]
}

/** An address on the interfaces with these indexes. */
export interface TableEntry {
  readonly address: Address
  readonly interfaceIndexes: readonly number[]
}

/** What the responder has to know. */
export interface Table {
  /** To be answered. */
  readonly held: readonly TableEntry[]
  /** To be watched only: they are asked for, or somebody else has them. */
  readonly watched: readonly TableEntry[]
}

export interface DueFrame extends Frame {
  readonly interfaceIndex: number
}

/** What a frame of somebody else says of an address that is held or watched. */
export interface Evidence {
  readonly interfaceIndex: number
  readonly address: Address
  readonly mac: Mac
  readonly kind: EvidenceKind
}

/** Somebody else has an address that this node should announce. */
export interface Conflict extends Stranger {
  /** Name of the interface. */
  readonly interface: string
}

export interface AnnouncerInit {
  /** For jitter; different on every node. */
  seed: number
}

interface Placed {
  readonly address: Address
  readonly text: string
  readonly segments: readonly Segment[]
}

/** All times are in ms of one clock that never goes back. */
export class Announcer {
  readonly #random: () => number
  #segments: readonly Segment[] = []
  #placed: readonly Placed[] = []
  #table: Table = { held: [], watched: [] }

  constructor({ seed }: AnnouncerInit) {
    this.#random = randomFrom(seed)
  }

  /**
   * Makes `holdings` what is announced, or asked for.
   *
   * A new pair of address and interface begins with probes, or the gratuitous schedule, as its claim says; so does
   * every address of an interface whose MAC changed or whose cable was out. Of what is no longer held no frame follows.
   */
  update({ holdings, links, deaf }: Surroundings, now: number): void {
    const before = new Map(this.#segments.map((segment) => [segment.link.index, segment]))
    const segments = new Map<FitLink, Segment>()
    for (const link of links) {
      if (!deaf.has(link.index)) segments.set(link, before.get(link.index) ?? new Segment(link, this.#random))
    }
    this.#segments = [...segments.values()]
    for (const [link, segment] of segments) segment.setLink(link, now)
    const wanted = new Map(this.#segments.map((segment) => [segment, new Map<string, Holding>()]))
    this.#placed = holdings.map((holding) => {
      const { address, interfaces } = holding
      const text = formatAddress(address)
      const chosen = announcingLinks(address, interfaces, links).flatMap((link) => segments.get(link) ?? [])
      for (const segment of chosen) wanted.get(segment)?.set(text, holding)
      return { address, text, segments: chosen }
    })
    for (const [segment, addresses] of wanted) segment.hold(addresses, now)
    this.#makeTable()
  }

  #makeTable(): void {
    const entries = (isActive: boolean): TableEntry[] =>
      this.#placed.flatMap(({ address, text, segments }) => {
        const chosen = segments.filter((segment) => segment.isActive(text) === isActive)
        return chosen.length === 0
          ? []
          : [{ address, interfaceIndexes: chosen.map(({ link }) => link.index) }]
      })
    this.#table = { held: entries(true), watched: entries(false) }
  }

  /** Another object whenever it changed. */
  get table(): Table {
    return this.#table
  }

  /** What is announced, and where. */
  get announced(): readonly Announced[] {
    return this.#placed.flatMap(({ address, text, segments }) => {
      const active = segments.filter((segment) => segment.isActive(text))
      return active.length === 0 ? [] : [{ address, interfaces: active.map(({ link }) => link.name).sort() }]
    })
  }

  /** What no interface can announce. */
  get unplaced(): readonly Address[] {
    return this.#placed.filter(({ segments }) => segments.length === 0).map(({ address }) => address)
  }

  get conflicts(): readonly Conflict[] {
    return this.#segments.flatMap((segment) =>
      segment.strangers.map((stranger) => ({ ...stranger, interface: segment.link.name })),
    )
  }

  /** Takes note of a frame of somebody who is no known speaker. */
  observe({ interfaceIndex, address, mac, kind }: Evidence, now: number): void {
    const isOurs = this.#segments.some(({ link }) => link.mac === mac) // of another interface in the same segment
    if (!isOurs)
      this.#segments.find(({ link }) => link.index === interfaceIndex)?.observe(address, mac, kind, now)
  }

  /** When `takeDue` should be called next; `null`: not before the next `update` or `observe`. */
  get nextAt(): number | null {
    return earliest(...this.#segments.map(({ nextAt }) => nextAt))
  }

  /** The frames to send at `now`, in order; they count as sent. May change `table`, which then has to be in force first. */
  takeDue(now: number): readonly DueFrame[] {
    const count = this.#activeCount
    const frames = this.#segments.flatMap((segment) =>
      [...segment.takeDue(now)].map((frame) => ({ interfaceIndex: segment.link.index, ...frame })),
    )
    if (this.#activeCount !== count) this.#makeTable()
    return frames
  }

  get #activeCount(): number {
    return this.#segments.reduce((sum, { activeCount }) => sum + activeCount, 0)
  }
}
