// Writes the condition `typemetal.io/Announced` of Services: after the fact, paced, never in the way of an announcement.
// What it should say is decided elsewhere.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ANNOUNCED_CONDITION, type Condition, type Service } from '../api/index.ts'
import {
  type ApiClient,
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

export interface AnnouncedConditionComponents {
  client: ApiClient
  log: Logger
  /** The Service as it was read last, and what its condition should say now. */
  wanted: (key: string) => { readonly service: Service; readonly condition: WantedCondition } | undefined
}

export class AnnouncedConditionWriter implements Startable {
  readonly #client: ApiClient
  readonly #wanted: AnnouncedConditionComponents['wanted']
  readonly #queue: WorkQueue

  constructor({ client, log, wanted }: AnnouncedConditionComponents) {
    this.#client = client
    this.#wanted = wanted
    this.#queue = new WorkQueue({
      log,
      subject: 'service',
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

  async #settle(key: string): Promise<void> {
    const wanted = this.#wanted(key)
    if (wanted === undefined || wanted.condition === 'asItIs') return
    const { service, condition } = wanted
    const shown = service.status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION)
    if (condition === 'absent') {
      if (shown !== undefined) await this.#apply(service, [])
    } else if (!says(shown, condition)) {
      const update = { type: ANNOUNCED_CONDITION, ...condition }
      await this.#apply(service, [dated(update, service.status?.conditions, timestamp())])
    }
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
