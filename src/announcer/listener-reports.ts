// What one node tells the switches and routers of one interface about the groups that it wants to hear: those in which
// its IPv6 addresses are asked for. The listener's part of RFC 3810, for whole groups, and of its first version for
// those who know no other.
import type { Address } from '../ip/index.ts'
import {
  firstVersionReport,
  isLinkLocal,
  type ListenerQuery,
  type ListenerRecord,
  listenerReport,
  MAX_LISTENER_RECORDS,
  solicitedNodeGroup,
} from '../packet/index.ts'
import type { FitLink } from './link.ts'
import { earliest, PacedQueue, type Pending } from './paced-queue.ts'
import { Pacer } from './pacer.ts'

/** How often a change is said, unless a querier says otherwise (RFC 3810 section 9.1). */
const ROBUSTNESS = 2
/** Within this time it is said again (section 9.11). */
const REPEAT_MS = 1000
/** So long after a query of the first version that version is spoken: twice 125 s, and 10 (section 9.12). */
const FIRST_VERSION_MS = 260_000

/** Anybody on the LAN may ask, as often as he likes: answers about all groups come no closer than this. */
const ANSWER_INTERVAL_MS = 100
/** And about single ones not faster; thousands of groups in the time that queriers give, of ten seconds. */
const ANSWERS_PER_S = 1000

interface Answer extends Pending {
  readonly group: bigint
  isCurrent: boolean
}

interface Change {
  readonly type: 'joined' | 'left'
  timesLeft: number
}

/** All times are in ms of one clock that never goes back. */
export class ListenerReports {
  readonly #random: () => number
  #link: FitLink
  #groups: ReadonlySet<bigint> = new Set()
  #robustness = ROBUSTNESS
  #firstVersionUntil = -Infinity
  readonly #changes = new Map<bigint, Change>()
  #changesAt: number | null = null
  #answerAllAt: number | null = null
  #answeredAllAt = -Infinity
  readonly #answers = new PacedQueue<Answer>(new Pacer(ANSWERS_PER_S))
  readonly #answering = new Map<bigint, Answer>()

  /** `random`: numbers in [0, 1), for the delays. */
  constructor(link: FitLink, random: () => number) {
    this.#link = link
    this.#random = random
  }

  /** The interface as it is now: everything is said again to who could not hear it, or not know from whom it came. */
  setLink(link: FitLink, now: number): void {
    const before = this.#link
    this.#link = link
    if (!link.hasCarrier || isSameToOthers(before, link)) return
    for (const group of this.#groups) this.#change(group, 'joined', now)
  }

  /** Listens for who asks for these, of which those in IPv4 need no group, and for no others. */
  listen(addresses: Iterable<Address>, now: number): void {
    const before = this.#groups
    const groups = new Set<bigint>()
    for (const address of addresses) if (address.family === 'IPv6') groups.add(solicitedNodeGroup(address))
    this.#groups = groups
    for (const group of before) if (!groups.has(group)) this.#leave(group, now)
    for (const group of groups) if (!before.has(group)) this.#change(group, 'joined', now)
  }

  #leave(group: bigint, now: number): void {
    const answer = this.#answering.get(group)
    if (answer !== undefined) answer.isCurrent = false
    this.#answering.delete(group)
    this.#change(group, 'left', now)
  }

  #change(group: bigint, type: Change['type'], now: number): void {
    this.#changes.set(group, { type, timesLeft: this.#robustness })
    this.#changesAt = now
  }

  /** Somebody asks who listens (RFC 3810 section 6.2). */
  query({ version, group, withinMs, robustness }: ListenerQuery, now: number): void {
    if (version === 1) this.#firstVersionUntil = now + FIRST_VERSION_MS
    this.#robustness = robustness ?? ROBUSTNESS
    if (group !== null) this.#answer(group, now, withinMs)
    else if (this.#speaksFirstVersion(now)) for (const each of this.#groups) this.#answer(each, now, withinMs)
    else {
      const at = Math.max(now + this.#random() * withinMs, this.#answeredAllAt + ANSWER_INTERVAL_MS)
      this.#answerAllAt = earliest(this.#answerAllAt, at)
    }
  }

  /** A group that waits for its turn keeps it. */
  #answer(group: bigint, now: number, withinMs: number): void {
    if (!this.#groups.has(group) || this.#answering.has(group)) return
    const answer = { group, isCurrent: true }
    this.#answering.set(group, answer)
    this.#answers.add(now + this.#random() * withinMs, answer)
  }

  #speaksFirstVersion(now: number): boolean {
    return now < this.#firstVersionUntil
  }

  /** When `takeDue` should be called next; `null`: not before something changes. */
  get nextAt(): number | null {
    return earliest(this.#changesAt, this.#answerAllAt, this.#answers.nextAt)
  }

  /** The frames to send at `now`; they count as sent. */
  takeDue(now: number): readonly Uint8Array[] {
    const records = [...this.#takeChanges(now), ...this.#takeAnswers(now)]
    if (records.length === 0) return []
    const source = linkLocalOf(this.#link) ?? 0n
    if (this.#speaksFirstVersion(now))
      return records.map((record) => firstVersionReport(this.#link.mac, source, record))
    const frames: Uint8Array[] = []
    for (let at = 0; at < records.length; at += MAX_LISTENER_RECORDS)
      frames.push(listenerReport(this.#link.mac, source, records.slice(at, at + MAX_LISTENER_RECORDS)))
    return frames
  }

  *#takeChanges(now: number): Generator<ListenerRecord> {
    if (this.#changesAt === null || this.#changesAt > now) return
    for (const [group, change] of this.#changes) {
      if (--change.timesLeft <= 0) this.#changes.delete(group)
      yield { group, type: change.type }
    }
    this.#changesAt = this.#changes.size > 0 ? now + this.#random() * REPEAT_MS : null
  }

  *#takeAnswers(now: number): Generator<ListenerRecord> {
    if (this.#answerAllAt !== null && this.#answerAllAt <= now) {
      this.#answerAllAt = null
      this.#answeredAllAt = now
      for (const group of this.#groups) yield { group, type: 'listening' }
    }
    for (let due = this.#answers.takeFirst(now); due !== undefined; due = this.#answers.takeFirst(now)) {
      this.#answering.delete(due.group)
      yield { group: due.group, type: 'listening' }
    }
  }
}

function linkLocalOf({ networks }: FitLink): bigint | null {
  const found = networks.find(({ address }) => address.family === 'IPv6' && isLinkLocal(address.value))
  return found?.address.value ?? null
}

function isSameToOthers(one: FitLink, other: FitLink): boolean {
  return (
    one.mac === other.mac &&
    one.hasCarrier === other.hasCarrier &&
    one.carrierChanges === other.carrierChanges &&
    linkLocalOf(one) === linkLocalOf(other)
  )
}
