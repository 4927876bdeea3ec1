// Kubernetes Events: what `kubectl describe` shows. Told on the side: never awaited, never in the way.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { KubeEvent, KubeObject } from '../api/index.ts'
import { isStatus } from './errors.ts'
import { type ApiClient, PATCH } from './client.ts'
import { pathOf, type Resource } from './resource.ts'
import type { Startable } from './startable.ts'
import { timestamp } from './time.ts'

const EVENTS: Resource<KubeEvent> = { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true }

/** Events that wait to be told; of more the oldest are dropped. As many as Services that anybody creates at once. */
const QUEUE_LIMIT = 20_000
/** A repetition within this time raises the count of the event before it. */
const REPEAT_WINDOW_MS = 10 * 60_000
/** So many repetitions are written as they come, the further ones at most once in `REPEAT_PACE_MS`. */
const REPEAT_BURST = 10
const REPEAT_PACE_MS = 10_000
const REMEMBERED = 4096
/** How long `stop` waits for what is still to be told. */
const STOP_MS = 2000

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

export interface EventRecorderInit {
  /** Who tells: `metallb-controller`, or `metallb-speaker` and its node. */
  component: string
  host?: string
  queueLimit?: number
}

interface Waiting {
  occurrence: Occurrence
  times: number
}

interface Told {
  name: string
  count: number
  /** Of the last repetition. */
  at: number
  writtenAt: number
}

/** Works from the first `record` on, until `stop`; never in the way, never throws. */
export class EventRecorder implements Startable {
  readonly #components: EventRecorderComponents
  readonly #source: { component: string; host?: string }
  readonly #queueLimit: number
  readonly #told = new Map<string, Told>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #end = new AbortController()
  #telling: Promise<void> | undefined
  #dropped = 0
  #stopped = false

  constructor(components: EventRecorderComponents, init: EventRecorderInit) {
    const { queueLimit = QUEUE_LIMIT, ...source } = init
    this.#components = components
    this.#source = source
    this.#queueLimit = queueLimit
  }

  start(): void {
    // `record` begins the work
  }

  /** What waits is still told, as far as the server takes it within 2 s. */
  async stop(): Promise<void> {
    this.#stopped = true
    const timer = setTimeout(() => this.#end.abort(), STOP_MS)
    await this.#telling
    clearTimeout(timer)
  }

  record(occurrence: Occurrence): void {
    if (this.#stopped) return
    const { object, type, reason, message } = occurrence
    const key = [object.metadata?.uid, type, reason, message].join('\n')
    const times = (this.#waiting.get(key)?.times ?? 0) + 1
    this.#waiting.set(key, { occurrence, times })
    if (this.#waiting.size > this.#queueLimit) {
      this.#waiting.delete(firstKey(this.#waiting) ?? '')
      this.#dropped += 1
    }
    this.#telling ??= this.#tellAll().finally(() => this.#toldAll())
  }

  #toldAll(): void {
    this.#telling = undefined
    if (this.#dropped > 0)
      this.#components.log.warn({ events: this.#dropped }, 'too many events at once: dropped')
    this.#dropped = 0
  }

  /** Never rejects: an event that cannot be told is lost. */
  async #tellAll(): Promise<void> {
    for (let key; (key = firstKey(this.#waiting)) !== undefined && !this.#end.signal.aborted;) {
      const next = this.#waiting.get(key)
      this.#waiting.delete(key)
      try {
        if (next) await this.#tell(key, next)
      } catch (error) {
        const { log } = this.#components
        log.debug({ event: next?.occurrence.reason, reason: String(error) }, 'an event was not told')
      }
    }
  }

  async #tell(key: string, waiting: Waiting): Promise<void> {
    const now = Date.now()
    const known = this.#told.get(key)
    if (known === undefined || now - known.at >= REPEAT_WINDOW_MS) return this.#create(key, waiting, now)
    known.count += waiting.times
    known.at = now
    if (known.count > REPEAT_BURST && now - known.writtenAt < REPEAT_PACE_MS) return undefined
    try {
      await this.#raiseCount(waiting.occurrence, known)
      known.writtenAt = now
    } catch (error) {
      if (!isStatus(error, 404)) throw error
      await this.#create(key, waiting, now) // it has expired on the server, or somebody deleted it
    }
    return undefined
  }

  async #create(key: string, { occurrence, times }: Waiting, now: number): Promise<void> {
    const { namespace = 'default', name = '' } = occurrence.object.metadata ?? {}
    // Several processes tell of one object, perhaps at the same moment.
    const told = { name: `${name}.${randomBytes(8).toString('hex')}`, count: times, at: now, writtenAt: now }
    await this.#components.client.request({
      method: 'POST',
      path: pathOf(EVENTS, { namespace }),
      body: this.#eventObject(occurrence, told),
      signal: this.#end.signal,
    })
    this.#told.delete(key)
    this.#told.set(key, told)
    if (this.#told.size > REMEMBERED) this.#told.delete(firstKey(this.#told) ?? '')
  }

  async #raiseCount({ object }: Occurrence, { name, count, at }: Told): Promise<void> {
    const { namespace = 'default' } = object.metadata ?? {}
    await this.#components.client.request({
      method: 'PATCH',
      path: pathOf(EVENTS, { namespace, name }),
      contentType: PATCH.merge,
      body: { count, lastTimestamp: timestamp(new Date(at)) },
      signal: this.#end.signal,
    })
  }

  #eventObject({ object, type, reason, message }: Occurrence, { name, count, at }: Told): KubeEvent {
    const time = timestamp(new Date(at))
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
      count,
      firstTimestamp: time,
      lastTimestamp: time,
    }
  }
}

/** Of a map: the key that was set longest ago. */
function firstKey(map: ReadonlyMap<string, unknown>): string | undefined {
  const [key] = map.keys()
  return key
}
