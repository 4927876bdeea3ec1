// Tells the cluster what this node announces: ServiceL2Status, condition and events of each Service, each only when
// something of it has changed. Decides nothing.

import type { Logger } from 'pino'
import type { Service } from '../api/index.ts'
import { type EventRecorder, keyOf } from '../kube/index.ts'
import type { AnnouncedConditionWriter } from './announced-condition.ts'
import type { Report } from './intents.ts'
import type { ServiceStatusWriter } from './service-status.ts'
import { isAnnounced, type News, newsOf, type Standing, standingsOf } from './standing.ts'

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

export class Notices {
  readonly #components: NoticesComponents
  readonly #node: string
  #standings: ReadonlyMap<string, Standing> = new Map()

  constructor(components: NoticesComponents, { node }: { node: string }) {
    this.#components = components
    this.#node = node
  }

  /** What became of the Service on this node; empty when the node has no part in it. */
  standing(key: string): Standing {
    return this.#standings.get(key) ?? []
  }

  /** What this node does now, and all Services that may be announced. */
  update(report: Report, services: readonly NoticedService[]): void {
    const before = this.#standings
    const byAddress = standingsOf(report)
    const standings = new Map(
      services.map(({ key, ips }) => [key, ips.flatMap((ip) => byAddress.get(ip) ?? [])] as const),
    )
    this.#standings = standings
    const announced = services.filter(({ key }) => standings.get(key)?.some(isAnnounced))
    this.#components.statuses.show(announced)
    for (const { key, service, isFirst } of services) {
      const [old, now] = [before.get(key) ?? [], standings.get(key) ?? []]
      if (isSame(old, now)) continue
      this.#tell(service, newsOf(this.#node, old, now, isFirst))
      this.#components.conditions.tell(key)
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
