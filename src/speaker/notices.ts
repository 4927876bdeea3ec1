// Tells the cluster what this node announces: ServiceL2Status, condition and events of each Service, each only when
// something of it has changed. Decides nothing.

import type { Logger } from 'pino'
import type { Service } from '../api/index.ts'
import { type EventRecorder, keyOf } from '../kube/index.ts'
import type { AnnouncedConditionWriter } from './announced-condition.ts'
import type { Report } from './intents.ts'
import type { ServiceStatusWriter } from './service-status.ts'
import { isAnnounced, newsOf, newSince, type News, type Standing, standingsOf } from './standing.ts'

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

/** What was known of a Service, and what of it was told. */
interface Noticed {
  readonly standing: Standing
  readonly isFirst: boolean
  readonly news: readonly News[]
}

const NOTHING_NOTICED: Noticed = { standing: [], isFirst: false, news: [] }

export class Notices {
  readonly #components: NoticesComponents
  readonly #node: string
  #noticed: ReadonlyMap<string, Noticed> = new Map()
  /** Addresses as text that were taken over, by the node that had them. */
  readonly #inherited = new Map<string, Set<string>>()

  constructor(components: NoticesComponents, { node }: { node: string }) {
    this.#components = components
    this.#node = node
  }

  /** What became of the Service on this node; empty when the node has no part in it. */
  standing(key: string): Standing {
    return (this.#noticed.get(key) ?? NOTHING_NOTICED).standing
  }

  /** This node took the address over from one that is not heard there any more. */
  inherit(ip: string, from: string): void {
    this.#inherited.set(from, (this.#inherited.get(from) ?? new Set()).add(ip))
  }

  /** What this node does now, and all Services that may be announced. */
  update(report: Report, services: readonly NoticedService[]): void {
    const before = this.#noticed
    const byAddress = standingsOf(report)
    const noticed = new Map<string, Noticed>()
    const moved: string[] = []
    for (const { key, service, ips, isFirst } of services) {
      const old = before.get(key) ?? NOTHING_NOTICED
      const standing = ips.flatMap((ip) => byAddress.get(ip) ?? [])
      const hasMoved = !isSame(old.standing, standing)
      if (!hasMoved && old.isFirst === isFirst) {
        noticed.set(key, old)
        continue
      }
      const news = newsOf(this.#node, standing, isFirst)
      noticed.set(key, { standing, isFirst, news })
      this.#tell(service, newSince(old.news, news))
      if (hasMoved) moved.push(key)
    }
    this.#noticed = noticed
    for (const key of moved) this.#components.conditions.tell(key)
    this.#bury(report, services)
    this.#components.statuses.show(services.filter(({ key }) => this.standing(key).some(isAnnounced)))
  }

  /** Who is heard on another interface lives, and tells himself that he has it no longer. */
  #bury({ segments }: Report, services: readonly NoticedService[]): void {
    for (const [node, inherited] of this.#inherited) {
      if (segments.some(({ peers }) => peers.some((peer) => peer.node === node))) continue
      for (const { service, ips } of services)
        if (ips.some((ip) => inherited.has(ip))) this.#components.statuses.bury(node, service)
      for (const ip of services.flatMap(({ ips }) => ips)) inherited.delete(ip)
      if (inherited.size === 0) this.#inherited.delete(node)
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

function isSame(one: Standing, other: Standing): boolean {
  return one.length === other.length && JSON.stringify(one) === JSON.stringify(other)
}
