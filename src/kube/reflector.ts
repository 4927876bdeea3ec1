// Keeps a local copy of one collection in step with the API server: list once, then watch, for ever.

import type { Logger } from 'pino'
import type { KubeObject } from '../api/index.ts'
import { Backoff, type BackoffInit } from './backoff.ts'
import type { ApiClient } from './client.ts'
import { ApiError, isStatus } from './errors.ts'
import { pagesOf } from './list.ts'
import { logFields } from './log-fields.ts'
import { keyOf, pathOf, type Resource } from './resource.ts'
import type { Startable } from './startable.ts'
import { watchEvents, type WatchEvent } from './watch-stream.ts'

/** Bookmarks come about once a minute. */
const IDLE_LIMIT_MS = 90_000
/** The server ends a watch after this, plus up to a tenth, so that not all come back at once. */
const WATCH_SECONDS = 290
/** Not longer: a server that is back is to be found soon, and a try costs next to nothing. */
const BACKOFF: BackoffInit = { firstMs: 500, longestMs: 5000 }
/** Until a collection that is not there is looked for again: servers are not upgraded more often. */
const ABSENT_MS = 10 * 60_000
/** A server that has just started forbids everything for a moment: so many refusals in a row are believed. */
const BELIEVED_REFUSALS = 3
/** Until a collection that is forbidden is tried again: somebody may give us the right to it. */
const FORBIDDEN_MS = 60_000
/** Answers in a row that brought no event: after so many the version that we watch from is given up. */
const FRUITLESS_LIMIT = 5

export interface ReflectorComponents {
  client: ApiClient
  log: Logger
  random?: () => number
}

export interface ReflectorInit<T extends KubeObject> {
  resource: Resource<T>
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** What the copy keeps of an object, at least name and version; default: all. */
  keep?: (object: T) => T
  pageSize?: number
  idleLimitMs?: number
  backoff?: BackoffInit
  /**
   * It may be that the server does not have the collection (404) or does not show it to us (403): nobody waits for it
   * then, and what is known of it stays.
   */
  optional?: boolean
  /** An object is new, other than before, or gone (`undefined`). Called after the copy has changed; what it throws is logged. */
  onChange?: (key: string, object: T | undefined, before: T | undefined) => void
  /** Contact with the API server was found or lost. */
  onContact?: (connected: boolean) => void
}

/**
 * Never throws after `start`; what goes wrong is logged once per change of state and tried again. During a time without
 * contact the copy stays as it was.
 */
export class Reflector<T extends KubeObject> implements Startable {
  readonly #components: Required<ReflectorComponents>
  readonly #init: ReflectorInit<T>
  readonly #objects = new Map<string, T>()
  readonly #stop = new AbortController()
  readonly #backoff: Backoff
  readonly #synced: Promise<void>
  #markSynced = (): void => undefined
  /** Who waits for a list that begins after he asked. */
  #relisted: (() => void)[] = []
  #watching = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #resourceVersion: string | undefined
  #fruitless = 0
  #refusals = 0
  #connected = false
  #hasSynced = false
  #lastContact: number | undefined
  #said = ''

  constructor(components: ReflectorComponents, init: ReflectorInit<T>) {
    this.#components = { random: Math.random, ...components }
    this.#init = init
    this.#backoff = new Backoff({ ...(init.backoff ?? BACKOFF), random: this.#components.random })
    this.#synced = new Promise((resolve) => (this.#markSynced = resolve))
  }

  /** The copy, by `keyOf`. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects
  }

  /** Resolves when the first list is complete, or the reflector was stopped. */
  get synced(): Promise<void> {
    return this.#synced
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** Whether the last thing heard of the server was no failure. */
  get connected(): boolean {
    return this.#connected
  }

  /** Milliseconds since the server was last heard, Infinity if never. */
  get silentMs(): number {
    return this.#lastContact === undefined ? Infinity : performance.now() - this.#lastContact
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#watching.abort()
    await this.#running
    this.#markSynced()
    for (const resolve of this.#relisted.splice(0)) resolve()
  }

  /** Lists anew. Resolves when the copy is no older than this call, or the reflector was stopped. */
  relist(): Promise<void> {
    const listed = new Promise<void>((resolve) => this.#relisted.push(resolve))
    this.#watching.abort()
    return listed
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (this.#resourceVersion === undefined || this.#relisted.length > 0) await this.#listAndTell()
        if (this.#stopped) return
        if (this.#resourceVersion !== undefined) await this.#watchUntilRelist(this.#resourceVersion)
      } catch (error) {
        if (!this.#stopped) await this.#afterFailure(error)
      }
    }
  }

  /** Who asks for a list while this one is under way gets another. */
  async #listAndTell(): Promise<void> {
    const relisted = this.#relisted.splice(0)
    try {
      this.#resourceVersion = undefined
      this.#resourceVersion = await this.#list()
    } catch (error) {
      this.#relisted.push(...relisted)
      const againMs = this.#init.optional ? this.#withoutMs(error) : null
      if (againMs === null) throw error
      this.#doWithout(error)
      await this.#sleep(againMs)
      return
    }
    for (const resolve of relisted) resolve()
  }

  /** How long to do without the collection after this failure; `null`: it is to be tried as after any other. */
  #withoutMs(error: unknown): number | null {
    if (isStatus(error, 404)) return ABSENT_MS
    if (!isStatus(error, 403)) return null
    this.#refusals++
    return this.#refusals < BELIEVED_REFUSALS ? null : FORBIDDEN_MS
  }

  #doWithout(error: unknown): void {
    const reason = String(error)
    if (reason !== this.#said)
      this.#components.log.info({ kind: this.#init.resource.kind, reason }, 'done without')
    this.#said = reason
    this.#hasSynced = true
    this.#markSynced()
  }

  async #watchUntilRelist(from: string): Promise<void> {
    if (this.#relisted.length > 0) return
    const watching = new AbortController()
    this.#watching = watching
    try {
      await this.#watch(from, watching.signal)
    } catch (error) {
      if (!watching.signal.aborted) throw error
    }
  }

  async #afterFailure(error: unknown): Promise<void> {
    const gone = error instanceof ApiError && (error.status === 410 || error.reason === 'Expired')
    if (error instanceof ApiError) this.#fruitless++
    if (gone || this.#fruitless > FRUITLESS_LIMIT) this.#resourceVersion = undefined
    if (!gone) this.#lostContact(error)
    const retryAfter = error instanceof ApiError ? error.retryAfterMs : undefined
    if (retryAfter !== undefined) this.#backoff.reset() // it is there, and knows better than we how long it needs
    await this.#sleep(this.#backoff.next(retryAfter))
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#stop.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#stop.signal.addEventListener('abort', done)
    })
  }

  #hasContact(): void {
    this.#lastContact = performance.now()
    if (this.#connected) return
    this.#connected = true
    this.#said = ''
    this.#components.log.info({ kind: this.#init.resource.kind }, 'watching')
    this.#init.onContact?.(true)
  }

  /** Says so when it is new, or fails in a new way: a server that is away may be forbidding when it comes back. */
  #lostContact(error: unknown): void {
    const answered = error instanceof ApiError
    const said = answered ? error.message : 'away'
    const level = said === this.#said ? 'debug' : 'warn'
    this.#said = said
    const reason = error instanceof Error ? error.message : String(error)
    const message = answered
      ? 'the API server refuses; trying again'
      : 'the API server does not answer; trying again'
    this.#components.log[level]({ kind: this.#init.resource.kind, reason }, message)
    if (!this.#connected) return
    this.#connected = false
    this.#init.onContact?.(false)
  }

  /** Fetches all pages, then brings the copy in step; resolves with the version to watch from. */
  async #list(): Promise<string> {
    const listed = new Map<string, T>()
    let version = ''
    const scope = { ...this.#init, signal: this.#stop.signal }
    for await (const page of pagesOf(this.#components.client, this.#init.resource, scope)) {
      for (const item of page.items) listed.set(keyOf(item), this.#enter(item))
      version = page.resourceVersion
    }
    if (this.#stopped) return version
    this.#replace(listed)
    this.#hasContact()
    this.#fruitless = 0
    this.#refusals = 0
    this.#hasSynced = true
    this.#markSynced()
    return version
  }

  /** Lists leave kind and version out; nobody here needs `managedFields`, often the larger half of an object. */
  #enter(object: T): T {
    const { apiVersion, kind } = this.#init.resource
    delete object.metadata?.managedFields
    return Object.assign(this.#init.keep?.(object) ?? object, { apiVersion, kind })
  }

  #replace(listed: Map<string, T>): void {
    for (const key of this.#objects.keys()) if (!listed.has(key)) this.#set(key, undefined)
    for (const [key, object] of listed) {
      const before = this.#objects.get(key)?.metadata
      const same =
        before?.uid === object.metadata?.uid && before?.resourceVersion === object.metadata?.resourceVersion
      if (!same || before === undefined) this.#set(key, object)
    }
  }

  #set(key: string, object: T | undefined): void {
    const before = this.#objects.get(key)
    if (object === undefined && before === undefined) return
    if (object === undefined) this.#objects.delete(key)
    else this.#objects.set(key, object)
    try {
      this.#init.onChange?.(key, object, before)
    } catch (error) {
      this.#components.log.error(
        { ...logFields(this.#init.resource.kind, key), err: error },
        'a change was not taken',
      )
    }
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { resource, namespace, labelSelector, fieldSelector } = this.#init
    const body = await this.#components.client.open({
      path: pathOf(resource, { namespace }),
      query: {
        labelSelector,
        fieldSelector,
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: from,
        timeoutSeconds: Math.round(WATCH_SECONDS * (1 + this.#components.random() / 10)),
      },
      signal,
    })
    const opened = performance.now()
    this.#hasContact()
    this.#fruitless++
    for await (const event of watchEvents(body, this.#init.idleLimitMs ?? IDLE_LIMIT_MS)) {
      if (this.#stopped) return
      this.#apply(event)
    }
    // A server that closes at once, again and again, must not be asked in a tight loop.
    if (performance.now() - opened < 1000) await this.#sleep(this.#backoff.next())
  }

  #apply({ type, object }: WatchEvent): void {
    if (type === 'ERROR')
      throw new ApiError(object.code ?? 0, object.reason ?? '', object.message ?? 'watch failed')
    this.#hasContact()
    this.#backoff.reset()
    this.#fruitless = 0
    this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion
    if (type === 'ADDED' || type === 'MODIFIED') this.#set(keyOf(object), this.#enter(object as T))
    else if (type === 'DELETED') this.#set(keyOf(object), undefined)
  }
}
