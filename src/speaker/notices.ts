// Tells the cluster what this node announces: ServiceL2Status, condition and events of each Service, each only when
// something of it has changed. Decides nothing.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Service } from '../api/index.ts'
import { type EventRecorder, keyOf } from '../kube/index.ts'
import type { AnnouncedConditionWriter } from './announced-condition.ts'
import type { Report } from './intents.ts'
import type { ServiceStatusWriter } from './service-status.ts'
import {
  type AddressStanding,
  isAnnounced,
  newsOf,
  newSince,
  type News,
  type Standing,
  standingsOf,
} from './standing.ts'

export interface NoticesComponents {
  log: Logger
  events: EventRecorder
  statuses: ServiceStatusWriter
  conditions: AnnouncedConditionWriter
}

/** A Service that some node may announce. */
export interface NoticedService {
  readonly key: string
  readonly service: Service
  /** Canonical text. */
  readonly ips: readonly string[]
  /** The interfaces that its advertisements name for this node; `null`: they name none. */
  readonly interfaces: readonly string[] | null
  /** Whether this node is the first of those that may. */
  readonly isFirst: boolean
}

/** What was known of a Service when it was looked at last. */
interface Noticed {
  readonly uid: string
  readonly standing: Standing
  readonly isFirst: boolean
}

export class Notices {
  readonly #components: NoticesComponents
  readonly #node: string
  #standings: ReadonlyMap<string, AddressStanding> = new Map()
  /** Nodes that are heard. */
  #heard: ReadonlySet<string> = new Set()
  readonly #noticed = new Map<string, Noticed>()
  /** Addresses as text that were taken over, by the node that had them. */
  readonly #inherited = new Map<string, Set<string>>()

  constructor(components: NoticesComponents, { node }: { node: string }) {
    this.#components = components
    this.#node = node
  }

  /** What became of the Service on this node; empty when the node has no part in it. */
  standing(key: string): Standing {
    return this.#noticed.get(key)?.standing ?? []
  }

  /** This node took the address over from one that is not heard there any more. */
  inherit(ip: string, from: string): void {
    this.#inherited.set(from, (this.#inherited.get(from) ?? new Set()).add(ip))
  }

  /** What this node does now; the addresses of which that is news: their Services are to be looked at. */
  take(report: Report): readonly string[] {
    const before = this.#standings
    const now = standingsOf(report, before)
    this.#standings = now
    this.#heard = new Set(report.segments.flatMap(({ peers }) => peers.map(({ node }) => node)))
    const gone = [...before.keys()].filter((ip) => !now.has(ip))
    const changed = [...now.keys()].filter((ip) => before.get(ip) !== now.get(ip))
    return [...gone, ...changed]
  }

  /** Tells what has become of the Service since it was looked at last. */
  look({ key, service, ips, interfaces, isFirst }: NoticedService): void {
    const { statuses, conditions } = this.#components
    const before = this.#noticed.get(key)
    const uid = service.metadata?.uid ?? ''
    const standing = ips.flatMap((ip) => this.#standings.get(ip) ?? []).slice() // without room to grow
    this.#noticed.set(key, { uid, standing, isFirst })
    if (before !== undefined && before.uid !== uid) statuses.hide(before.uid) // deleted and made anew
    const told = before === undefined ? [] : newsOf(this.#node, before.standing, before.isFirst)
    this.#tell(service, newSince(told, newsOf(this.#node, standing, isFirst)))
    if (!isDeepStrictEqual(before?.standing ?? [], standing)) conditions.tell(key)
    if (standing.some(isAnnounced)) statuses.show({ uid, key, interfaces })
    else statuses.hide(uid)
  }

  /** Nobody may announce the Service any more. */
  forget(key: string): void {
    const noticed = this.#noticed.get(key)
    if (noticed === undefined) return
    this.#noticed.delete(key)
    this.#components.statuses.hide(noticed.uid)
  }

  /**
   * Deletes what nodes say that are not heard any more of addresses that this one has taken over. Who is heard on another
   * interface lives, and tells himself that he has it no longer. `uidsAt`: of the Services that have the address.
   */
  bury(uidsAt: (ip: string) => readonly string[]): void {
    for (const [node, ips] of this.#inherited) {
      if (this.#heard.has(node)) continue
      for (const ip of ips) {
        const uids = uidsAt(ip)
        for (const uid of uids) this.#components.statuses.bury(node, uid)
        if (uids.length > 0) ips.delete(ip)
      }
      if (ips.size === 0) this.#inherited.delete(node)
    }
  }

  #tell(service: Service, told: readonly News[]): void {
    const { events, log } = this.#components
    for (const news of told) {
      events.record({ object: service, ...news })
      const level = news.type === 'Warning' ? 'warn' : 'info'
      log[level]({ service: keyOf(service), reason: news.reason }, news.message)
    }
  }
}
