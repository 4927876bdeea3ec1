// Kubernetes Events: what `kubectl describe` shows. Told on the side: never awaited, never in the way.

import type { Logger } from 'pino'
import type { KubeEvent, KubeObject } from '../api/index.ts'
import { ApiError } from './errors.ts'
import { type ApiClient, PATCH } from './client.ts'
import { pathOf, type Resource } from './resource.ts'
import type { Startable } from './startable.ts'
import { timestamp } from './time.ts'

const EVENTS: Resource<KubeEvent> = { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true }

/** Events that wait to be told; more than these are dropped, the oldest first. */
const QUEUE_LIMIT = 1000
/** A repetition within this time raises the count of the event before it. */
const REPEAT_WINDOW_MS = 10 * 60_000
const REMEMBERED = 4096

export interface Occurrence {
  object: KubeObject
  type: 'Normal' | 'Warning'
  /** CamelCase, stable. */
  reason: string
  message: string
}

export interface EventRecorderComponents {
  client: ApiClient
  log: Logger
}

interface Told {
  name: string
  count: number
  at: number
}

export class EventRecorder implements Startable {
  readonly #components: EventRecorderComponents
  readonly #source: { component: string; host?: string }
  readonly #told = new Map<string, Told>()
  #queue: Occurrence[] = []
  #telling: Promise<void> | undefined
  #stopped = false

  /** `component` and `host` say who tells: `metallb-controller`, or `metallb-speaker` and its node. */
  constructor(components: EventRecorderComponents, source: { component: string; host?: string }) {
    this.#components = components
    this.#source = source
  }

  start(): void {
    // Works from the first `record` on.
  }

  /** What waits is still told, as far as the server takes it at once. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#telling
  }

  record(occurrence: Occurrence): void {
    if (this.#stopped) return
    this.#queue.push(occurrence)
    if (this.#queue.length > QUEUE_LIMIT) this.#queue = this.#queue.slice(-QUEUE_LIMIT)
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined))
  }

  async #tellAll(): Promise<void> {
    for (let next; (next = this.#queue.shift());) {
      try {
        await this.#tell(next)
      } catch (error) {
        const reason = error instanceof ApiError ? error.reason : String(error)
        this.#components.log.debug({ event: next.reason, reason }, 'an event was not told')
      }
    }
  }

  async #tell(occurrence: Occurrence): Promise<void> {
    const { uid = '', namespace = 'default', name = '' } = occurrence.object.metadata ?? {}
    const key = [uid, occurrence.type, occurrence.reason, occurrence.message].join('\n')
    const now = Date.now()
    const known = this.#told.get(key)
    const time = timestamp(new Date(now))
    if (known && now - known.at < REPEAT_WINDOW_MS) {
      Object.assign(known, { count: known.count + 1, at: now })
      const body = { count: known.count, lastTimestamp: time }
      const path = pathOf(EVENTS, { namespace, name: known.name })
      await this.#components.client.request({ method: 'PATCH', path, contentType: PATCH.merge, body })
      return
    }
    const told = { name: `${name}.${now.toString(16)}${this.#told.size.toString(16)}`, count: 1, at: now }
    await this.#components.client.request({
      method: 'POST',
      path: pathOf(EVENTS, { namespace }),
      body: this.#eventObject(occurrence, told.name, time),
    })
    this.#remember(key, told)
  }

  #eventObject({ object, type, reason, message }: Occurrence, name: string, time: string): KubeEvent {
    const { apiVersion, kind, metadata = {} } = object
    const { namespace = 'default', uid, resourceVersion } = metadata
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        ...(apiVersion !== undefined && { apiVersion }),
        ...(kind !== undefined && { kind }),
        ...(metadata.namespace !== undefined && { namespace }),
        ...(metadata.name !== undefined && { name: metadata.name }),
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
      source: this.#source,
      reportingComponent: this.#source.component,
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
    }
  }

  #remember(key: string, told: Told): void {
    this.#told.set(key, told)
    const [oldest] = this.#told.keys()
    if (this.#told.size > REMEMBERED && oldest !== undefined) this.#told.delete(oldest)
  }
}
