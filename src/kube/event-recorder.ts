// Kubernetes Events: what `kubectl describe` shows. Told on the side: never awaited, never in the way.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { KubeEvent, KubeObject } from '../api/index.ts'
import { Backoff } from './backoff.ts'
import { type ApiClient, PATCH } from './client.ts'
import { EVENTS } from './collections.ts'
import { ApiError, isStatus, tolerating } from './errors.ts'
import { EventPace } from './event-pace.ts'
import { logFields } from './log-fields.ts'
import { keyOf, pathOf } from './resource.ts'
import type { Startable } from './startable.ts'
import { timestamp } from './time.ts'

/** Events that wait to be told; of more the oldest are dropped. As many as Services that anybody creates at once. */
const QUEUE_LIMIT = 20_000
/** A repetition within this time raises the count of the event before it. */
const REPEAT_WINDOW_MS = 10 * 60_000
/** So many repetitions are written as they come, the further ones at most once in `REPEAT_PACE_MS`. */
const REPEAT_BURST = 10
const REPEAT_PACE_MS = 10_000
const REMEMBERED = 4096
/** What could not be told for so long is of no interest any more. */
const KEPT_MS = 10 * 60_000
/** While the server does not answer. */
const RETRY = { firstMs: 500, longestMs: 5000 }
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
  /** Told of each event what became of it; `dropped`: too many waited, or the program ended. */
  onOutcome?: (outcome: 'told' | 'refused' | 'dropped') => void
}

/** Without the object itself: thousands may wait. */
interface Waiting extends Omit<Occurrence, 'object'> {
  involvedObject: KubeEvent['involvedObject']
  times: number
  /** Milliseconds since 1970: of the last time. */
  at: number
  /** Of the Event, once it was tried to be created: a second try makes no second one. */
  name?: string
}

interface Told {
  name: string
  count: number
  /** Of the last repetition. */
  at: number
  writtenAt: number
}

/** Works from the first `record` on, until `stop`; never in the way, never throws. A burst is told when it is over. */
export class EventRecorder implements Startable {
  readonly #components: EventRecorderComponents
  readonly #source: { component: string; host?: string }
  readonly #queueLimit: number
  readonly #onOutcome: Required<EventRecorderInit>['onOutcome']
  readonly #told = new Map<string, Told>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #end = new AbortController()
  readonly #pace = new EventPace()
  readonly #backoff = new Backoff(RETRY)
  #telling: Promise<void> | undefined
  #endPause = (): void => undefined
  #dropped = 0
  #stopped = false

  constructor(components: EventRecorderComponents, init: EventRecorderInit) {
    const { queueLimit = QUEUE_LIMIT, onOutcome = () => undefined, ...source } = init
    this.#components = components
    this.#source = source
    this.#queueLimit = queueLimit
    this.#onOutcome = onOutcome
  }

  start(): void {
    // `record` begins the work
  }

  /** What waits is still told, as far as the server takes it within 2 s. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#endPause()
    const timer = setTimeout(() => this.#end.abort(), STOP_MS)
    await this.#telling
    clearTimeout(timer)
  }

  record({ object, type, reason, message }: Occurrence): void {
    if (this.#stopped) return
    this.#pace.recorded(performance.now())
    const key = [object.metadata?.uid, type, reason, message].join('\n')
    const involvedObject = referenceTo(object)
    this.#wait(key, { involvedObject, type, reason, message, times: 1, at: Date.now() })
    this.#telling ??= this.#tellAll().finally(() => this.#toldAll())
  }

  #wait(key: string, newer: Waiting): void {
    const times = (this.#waiting.get(key)?.times ?? 0) + newer.times
    this.#waiting.set(key, { ...newer, times })
    if (this.#waiting.size <= this.#queueLimit) return
    this.#waiting.delete(firstKey(this.#waiting) ?? '')
    this.#drop(1)
  }

  #drop(count: number): void {
    this.#dropped += count
    for (let event = 0; event < count; event++) this.#onOutcome('dropped')
  }

  #toldAll(): void {
    this.#telling = undefined
    this.#drop(this.#waiting.size) // by the end of the program
    this.#waiting.clear()
    if (this.#dropped > 0) this.#components.log.warn({ events: this.#dropped }, 'events were dropped')
    this.#dropped = 0
  }

  /** Never rejects: an event that the server refuses is lost. */
  async #tellAll(): Promise<void> {
    for (let key; (key = firstKey(this.#waiting)) !== undefined && !this.#end.signal.aborted;) {
      const pauseMs = this.#stopped ? 0 : this.#pace.take(performance.now())
      if (pauseMs > 0) {
        await this.#pause(pauseMs)
        continue
      }
      const next = this.#waiting.get(key)
      this.#waiting.delete(key)
      if (next !== undefined) await this.#try(key, next)
    }
  }

  async #try(key: string, next: Waiting): Promise<void> {
    try {
      await this.#tell(key, next)
      this.#backoff.reset()
      this.#onOutcome('told')
    } catch (error) {
      const refused = error instanceof ApiError && error.status < 500 && error.status !== 429
      const { log } = this.#components
      const { kind = '', ...metadata } = next.involvedObject
      const fields = {
        ...logFields(kind, keyOf({ metadata })),
        event: next.reason,
        reason: String(error),
        refused,
      }
      log.debug(fields, 'an event was not told')
      if (refused) return this.#onOutcome('refused')
      if (this.#stopped || Date.now() - next.at > KEPT_MS) return this.#drop(1)
      this.#wait(key, { ...next, ...this.#waiting.get(key), times: next.times })
      await this.#pause(this.#backoff.next(error instanceof ApiError ? error.retryAfterMs : undefined))
    }
  }

  /** `stop` ends it. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#stopped) this.#endPause()
    })
  }

  async #tell(key: string, waiting: Waiting): Promise<void> {
    const { at } = waiting
    const known = this.#told.get(key)
    if (known === undefined || at - known.at >= REPEAT_WINDOW_MS) return this.#create(key, waiting)
    known.count += waiting.times
    known.at = at
    if (known.count > REPEAT_BURST && at - known.writtenAt < REPEAT_PACE_MS) return undefined
    try {
      await this.#raiseCount(waiting, known)
      known.writtenAt = at
    } catch (error) {
      if (!isStatus(error, 404)) throw error
      await this.#create(key, waiting) // it has expired on the server, or somebody deleted it
    }
    return undefined
  }

  async #create(key: string, waiting: Waiting): Promise<void> {
    const { namespace = 'default', name = '' } = waiting.involvedObject
    // Several processes tell of one object, perhaps at the same moment.
    waiting.name ??= `${name}.${randomBytes(8).toString('hex')}`
    const told = { name: waiting.name, count: waiting.times, at: waiting.at, writtenAt: waiting.at }
    const creating = this.#components.client.request({
      method: 'POST',
      path: pathOf(EVENTS, { namespace }),
      body: this.#eventObject(waiting, told),
      signal: this.#end.signal,
    })
    await tolerating(409, creating) // a try before this one had reached the server after all
    this.#told.delete(key)
    this.#told.set(key, told)
    if (this.#told.size > REMEMBERED) this.#told.delete(firstKey(this.#told) ?? '')
  }

  async #raiseCount({ involvedObject }: Waiting, { name, count, at }: Told): Promise<void> {
    const { namespace = 'default' } = involvedObject
    await this.#components.client.request({
      method: 'PATCH',
      path: pathOf(EVENTS, { namespace, name }),
      contentType: PATCH.merge,
      body: { count, lastTimestamp: timestamp(new Date(at)) },
      signal: this.#end.signal,
    })
  }

  #eventObject(waiting: Waiting, { name, count, at }: Told): KubeEvent {
    const { involvedObject, type, reason, message } = waiting
    const time = timestamp(new Date(at))
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: involvedObject.namespace ?? 'default' },
      involvedObject,
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

function referenceTo({ apiVersion, kind, metadata = {} }: KubeObject): KubeEvent['involvedObject'] {
  const { namespace, name, uid, resourceVersion } = metadata
  return {
    ...(apiVersion !== undefined && { apiVersion }),
    ...(kind !== undefined && { kind }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  }
}

/** Of a map: the key that was set longest ago. */
function firstKey(map: ReadonlyMap<string, unknown>): string | undefined {
  const [key] = map.keys()
  return key
}
