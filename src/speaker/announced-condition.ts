// Writes the condition `typemetal.io/Announced` of Services: after the fact, paced, never in the way of an announcement.
// What it should say is decided elsewhere.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ANNOUNCED_CONDITION, type Condition, type Service } from '../api/index.ts'
import {
  type ApiClient,
  conditionOf,
  dated,
  PATCH,
  pathOf,
  says,
  SERVICES,
  type Startable,
  timestamp,
  WorkQueue,
} from '../kube/index.ts'
import type { WantedCondition } from './wanted-condition.ts'

/** The same on all nodes: who holds the address now owns what the holder before it wrote. */
const FIELD_MANAGER = 'typemetal-speaker'

/** At most a hundred writes a second: the controller has better use for the API server. */
const PAUSE_MS = 10

/** For a text that should go if nobody has a better one: longer than a takeover takes, or a start. */
const STAYS_MS = 10_000

export interface AnnouncedConditionComponents {
  client: ApiClient
  log: Logger
  /** The Service as it was read last, and what its condition should say now; `isNews`: see `tell`. */
  wanted: (key: string, isNews: boolean) => WantedOfService | undefined
  /** How long a text stays that is no longer so and that nobody replaces; default 10 s. */
  staysMs?: number
}

export interface WantedOfService {
  readonly service: Service
  readonly condition: WantedCondition
}

/** Something that was said, and when it was seen first that it is no longer so. */
interface Passing {
  readonly message: string
  readonly since: number
}

export class AnnouncedConditionWriter implements Startable {
  readonly #client: ApiClient
  readonly #wanted: AnnouncedConditionComponents['wanted']
  readonly #staysMs: number
  readonly #queue: WorkQueue
  readonly #news = new Set<string>()
  readonly #passing = new Map<string, Passing>()

  constructor({ client, log, wanted, staysMs = STAYS_MS }: AnnouncedConditionComponents) {
    this.#client = client
    this.#wanted = wanted
    this.#staysMs = staysMs
    this.#queue = new WorkQueue({
      log,
      fieldsOf: (service) => ({ service }),
      concurrency: 1,
      handler: (key) => this.#settle(key),
    })
  }

  start(): void {
    this.#queue.start()
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
  }

  /** The Service, or what is to be said of it, may have changed. */
  look(key: string): void {
    this.#queue.add(key)
  }

  /** Something has just changed for the Service on this node. */
  tell(key: string): void {
    this.#news.add(key)
    this.#queue.add(key)
  }

  async #settle(key: string): Promise<void> {
    const isNews = this.#news.delete(key)
    try {
      await this.#say(key, this.#wanted(key, isNews))
    } catch (error) {
      if (isNews) this.#news.add(key)
      throw error
    }
  }

  async #say(key: string, wanted: WantedOfService | undefined): Promise<void> {
    const { service, condition } = wanted ?? { condition: 'asItIs' }
    const shown = service && conditionOf(service, ANNOUNCED_CONDITION)
    if (condition === 'absentIfItStays' && shown !== undefined && !this.#hasStayed(key, shown)) return
    this.#passing.delete(key)
    if (service === undefined || condition === 'asItIs') return
    if (condition === 'absent' || condition === 'absentIfItStays') {
      if (shown !== undefined) await this.#apply(service, [])
    } else if (!says(shown, condition)) {
      const update = { type: ANNOUNCED_CONDITION, ...condition }
      await this.#apply(service, [dated(update, service.status?.conditions, timestamp())])
    }
  }

  /** If not, it is looked at again. */
  #hasStayed(key: string, { message }: Condition): boolean {
    const before = this.#passing.get(key)
    const since = before?.message === message ? before.since : performance.now()
    this.#passing.set(key, { message, since })
    const left = since + this.#staysMs - performance.now()
    if (left > 0) this.#queue.addAfter(key, left)
    return left <= 0
  }

  /** Of the Service as it was read: whoever changed it since may have changed what is to be said. */
  async #apply({ metadata }: Service, conditions: readonly Condition[]): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata ?? {}
    await this.#client.request({
      method: 'PATCH',
      path: pathOf(SERVICES, { namespace, name, subresource: 'status' }),
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: PATCH.apply,
      body: {
        apiVersion: SERVICES.apiVersion,
        kind: SERVICES.kind,
        metadata: { namespace, name, uid, resourceVersion },
        status: { conditions },
      },
    })
    await sleep(PAUSE_MS)
  }
}
