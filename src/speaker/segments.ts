// All segments that this node has a part in: which there have to be, what it may hold on each, and what comes of it
// together. Pure.

import { announcingLinks, type FitLink, linksForRange, type NodeLinks } from '../announcer/index.ts'
import type { InstanceInit, Intent } from '../election/index.ts'
import type { Address } from '../ip/index.ts'
import type { Hello, ListenerQuery, Mac } from '../packet/index.ts'
import type { Observation, ResponderTable } from '../wire/index.ts'
import { type Claimed, ClaimTable } from './claim-table.ts'
import type { AddressIntent, Intents } from './intents.ts'
import { Segment, type SegmentOutput } from './segment.ts'

export interface SegmentsInit extends Omit<InstanceInit, 'instance'> {
  /** Draws the id of an instance, see `InstanceInit`. */
  readonly drawInstance: () => string
}

/**
 * An election is left when for so long, in ms, nothing could be announced on its interface: who comes back has to listen
 * before it may win again, and configurations are often deleted to be made anew.
 */
const UNWANTED_MS = 60_000

/** What to do on the interface of one segment. */
export interface LinkOutput extends SegmentOutput {
  readonly link: FitLink
}

/** All times: ms of one monotonic clock. */
export class Segments {
  readonly #init: SegmentsInit
  readonly #segments = new Map<number, Segment>()
  #intents: Intents
  #links: NodeLinks = { fit: [], lans: [] }
  #unplaced: Address[] = []
  readonly #claims = new ClaimTable()
  /** Since when nothing can be announced there, by interface. */
  readonly #unwantedSince = new Map<number, number>()
  #isLeaving = false

  constructor(init: SegmentsInit) {
    this.#init = init
    this.#intents = { node: init.node, cluster: '', isStale: false, addresses: [], prospects: [] }
  }

  /** What this node may hold, as soon as `connect` is called. */
  intend(intents: Intents): void {
    this.#intents = intents
  }

  /**
   * Those that have to be listened on before `connect`: where this node may hold something or could if it were asked to,
   * so that it need not listen first when the first Service comes; and where it has not left the election yet.
   */
  needed(links: NodeLinks): readonly FitLink[] {
    const wanted = this.#wantedOf(links)
    return links.fit.filter(({ index }) => wanted.has(index) || this.#segments.get(index)?.hasLeft === false)
  }

  #wantedOf(links: NodeLinks): ReadonlySet<number> {
    const { addresses, prospects } = this.#intents
    const near = [
      ...prospects.flatMap(({ ranges, interfaces }) =>
        ranges.flatMap((range) => linksForRange(range, interfaces, links)),
      ),
      ...addresses.flatMap((intent) => (this.#mayHold(intent) ? linksOf(intent, links) : [])),
    ]
    return new Set(near.map(({ index }) => index))
  }

  /** Whether `connect` has to be called once in a while, to leave an election. */
  get isAnyUnwanted(): boolean {
    return this.#unwantedSince.size > 0
  }

  /** `deaf`: indexes of those that cannot be listened on. */
  connect(links: NodeLinks, deaf: ReadonlySet<number>, now: number): void {
    this.#links = links
    const usable = new Map(
      links.fit.map((link) => [link.index, deaf.has(link.index) ? withoutCarrier(link) : link]),
    )
    for (const [index, segment] of this.#segments) {
      const link = usable.get(index)
      if (link === undefined || (segment.hasLeft && !this.#isLeaving)) this.#drop(index)
      else segment.setLink(link, now)
    }
    const intents = this.#intentsByLink()
    for (const [index, segment] of this.#segments)
      segment.setIntents(intents.get(index) ?? this.#yielded, this.#intents.isStale, now)
    if (this.#isLeaving) return
    const wanted = this.#wantedOf(links)
    this.#part(wanted, now)
    for (const index of wanted) {
      const link = usable.get(index)
      if (link !== undefined && !deaf.has(index)) this.#join(link, intents.get(index) ?? this.#yielded, now)
    }
  }

  #drop(index: number): void {
    this.#segments.delete(index)
    this.#unwantedSince.delete(index)
    this.#claims.drop(index)
  }

  /** Takes leave where nothing can be announced any more, and has not been for long enough. */
  #part(wanted: ReadonlySet<number>, now: number): void {
    for (const [index, segment] of this.#segments) {
      if (segment.isLeaving) continue // until it has left and is dropped
      const since = this.#unwantedSince.get(index) ?? now
      if (wanted.has(index)) this.#unwantedSince.delete(index)
      else this.#unwantedSince.set(index, since)
      if (!wanted.has(index) && now >= since + UNWANTED_MS) segment.leave(now)
    }
  }

  #join(link: FitLink, intents: readonly Intent[], now: number): void {
    if (this.#segments.has(link.index)) return
    const { drawInstance, ...init } = this.#init
    const segment = new Segment(link, { ...init, instance: drawInstance() }, now)
    segment.setIntents(intents, this.#intents.isStale, now)
    this.#segments.set(link.index, segment)
  }

  /** On each interface where this node may hold something: that, and what others may, lest it be dropped unrelieved. */
  #intentsByLink(): ReadonlyMap<number, readonly Intent[]> {
    const byLink = new Map<number, Intent[]>()
    this.#unplaced = []
    for (const intent of this.#intents.addresses) {
      if (!this.#mayHold(intent)) continue
      const links = linksOf(intent, this.#links)
      if (links.length === 0) this.#unplaced.push(intent.address)
      for (const { index } of links) {
        const intents = byLink.get(index)
        if (intents === undefined) byLink.set(index, [intent])
        else intents.push(intent)
      }
    }
    for (const intents of byLink.values()) intents.push(...this.#yielded)
    return byLink
  }

  /** What only others may hold. */
  get #yielded(): readonly Intent[] {
    return this.#intents.addresses.filter((intent) => !this.#mayHold(intent))
  }

  #mayHold({ candidates }: AddressIntent): boolean {
    return candidates.some(({ node }) => node === this.#init.node)
  }

  receive(interfaceIndex: number, hello: Hello, mac: Mac, now: number): 'own' | 'replayed' | null {
    return this.#segments.get(interfaceIndex)?.receive(hello, mac, now) ?? null
  }

  observe({ interfaceIndex, ...observation }: Observation, now: number): void {
    this.#segments.get(interfaceIndex)?.observe(observation, now)
  }

  /** A router or switch on that interface asks who listens. */
  query(interfaceIndex: number, query: ListenerQuery, now: number): void {
    this.#segments.get(interfaceIndex)?.query(query, now)
  }

  /** Hands everything over, everywhere, for good. */
  leave(now: number): void {
    this.#isLeaving = true
    for (const segment of this.#segments.values()) segment.leave(now)
  }

  /** The others took this node for dead, everywhere; see `Instance.lapse`. */
  lapse(now: number): void {
    for (const segment of this.#segments.values()) segment.lapse(now)
  }

  get hasLeft(): boolean {
    return this.#isLeaving && [...this.#segments.values()].every(({ hasLeft }) => hasLeft)
  }

  /** When `run` has to be called, if nothing happens before; `Infinity`: no need to. */
  get nextAt(): number {
    let at = Infinity
    for (const { nextAt } of this.#segments.values()) at = Math.min(at, nextAt)
    return at
  }

  /** Does what is due, on each segment. */
  run(now: number): readonly LinkOutput[] {
    const outputs = [...this.#segments.values()].map((segment) => ({
      link: segment.link,
      ...segment.run(now),
    }))
    for (const { link, transitions } of outputs)
      for (const transition of transitions) this.#claims.take(link.index, transition)
    return outputs
  }

  /** After this time without a hello some peer takes this speaker for dead: ms. Where it says none, nobody hears it. */
  get deadInterval(): number {
    const all = [...this.#segments.values()]
    const speaking = all.filter(({ link, hasLeft }) => link.hasCarrier && !hasLeft)
    return Math.min(...(speaking.length > 0 ? speaking : all).map(({ deadInterval }) => deadInterval))
  }

  /** Before this instant nothing is said on some segment, because others may hold what this node believes to hold. */
  get quietUntil(): number {
    return Math.max(...[...this.#segments.values()].map(({ quietUntil }) => quietUntil))
  }

  /** Whether hellos go out anywhere. */
  get isAnyUp(): boolean {
    return [...this.#segments.values()].some(({ link, hasLeft }) => link.hasCarrier && !hasLeft)
  }

  get all(): Iterable<Segment> {
    return this.#segments.values()
  }

  /** What the responder has to know, as of the last `run`; another object when it changed. */
  get table(): ResponderTable {
    return this.#claims.table
  }

  /** What this node answers for, by the address as text, as of the last `run`. */
  get held(): ReadonlyMap<string, Claimed> {
    return this.#claims.held
  }

  /** What this node might hold, and no interface of it can announce; as of the last `connect`. */
  get unplaced(): readonly Address[] {
    return this.#unplaced
  }
}

function linksOf({ address, interfaces }: AddressIntent, links: NodeLinks): readonly FitLink[] {
  return announcingLinks(address, interfaces, links)
}

function withoutCarrier(link: FitLink): FitLink {
  return { ...link, hasCarrier: false }
}
