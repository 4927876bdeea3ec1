// Keys to work on: each once at a time, failures again after a while, never two at once for one key.

import type { Logger } from 'pino'
import { Backoff, type BackoffInit } from './backoff.ts'
import { ApiError, ApiUnreachable, isStatus } from './errors.ts'
import type { Startable } from './startable.ts'

const CONCURRENCY = 16
const BACKOFF: BackoffInit = { firstMs: 100, longestMs: 60_000 }
const DRAIN_MS = 5000

export interface WorkQueueInit {
  /** Brings one thing to where it should be; what it throws is logged and the key comes again later. */
  handler: (key: string) => Promise<void>
  log: Logger
  /** Keys worked on at the same time; default 16. */
  concurrency?: number
  backoff?: BackoffInit
  /** How long `stop` waits for what is being worked on; default 5 s. */
  drainMs?: number
  /** What a key names, in the fields of a log line: `{ service: 'default/web' }`; default `{ key }`. */
  fieldsOf?: (key: string) => Record<string, string>
  /** Told how long each handling took, in seconds, whatever came of it. */
  onHandled?: (seconds: number) => void
}

/** A key added while it is being worked on is worked on once more afterwards. */
export class WorkQueue implements Startable {
  readonly #init: WorkQueueInit
  readonly #waiting = new Set<string>()
  readonly #active = new Set<string>()
  readonly #delayed = new Map<string, NodeJS.Timeout>()
  readonly #backoffs = new Map<string, Backoff>()
  #state: 'new' | 'running' | 'stopped' = 'new'
  #onIdle = (): void => undefined

  constructor(init: WorkQueueInit) {
    this.#init = init
  }

  /** Keys that wait, are worked on, or will come again. */
  get size(): number {
    return new Set([...this.#waiting, ...this.#active, ...this.#delayed.keys()]).size
  }

  add(key: string): void {
    if (this.#state === 'stopped') return
    clearTimeout(this.#delayed.get(key))
    this.#delayed.delete(key)
    this.#waiting.add(key)
    this.#pump()
  }

  /** Adds `key` after `ms`, unless it comes earlier by itself. */
  addAfter(key: string, ms: number): void {
    if (this.#state === 'stopped' || this.#delayed.has(key) || this.#waiting.has(key)) return
    this.#delayed.set(
      key,
      setTimeout(() => this.add(key), ms),
    )
  }

  /** After `stop` it does nothing: whoever waited for a list before it started us may come late. */
  start(): void {
    if (this.#state === 'new') this.#state = 'running'
    this.#pump()
  }

  /** Takes nothing new and waits for what is being worked on, `drainMs` at most. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    for (const timer of this.#delayed.values()) clearTimeout(timer)
    this.#delayed.clear()
    this.#waiting.clear()
    if (this.#active.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#init.drainMs ?? DRAIN_MS)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #pump(): void {
    if (this.#state !== 'running') return
    for (const key of this.#waiting) {
      if (this.#active.size >= (this.#init.concurrency ?? CONCURRENCY)) return
      if (this.#active.has(key)) continue
      this.#waiting.delete(key)
      this.#active.add(key)
      void this.#work(key)
    }
  }

  /** Never rejects. */
  async #work(key: string): Promise<void> {
    const start = performance.now()
    try {
      await this.#init.handler(key)
      this.#backoffs.delete(key)
    } catch (error) {
      this.#again(key, error)
    } finally {
      this.#init.onHandled?.((performance.now() - start) / 1000)
      this.#active.delete(key)
      if (this.#active.size === 0) this.#onIdle()
      this.#pump()
    }
  }

  #again(key: string, error: unknown): void {
    const backoff = this.#backoffs.get(key) ?? new Backoff(this.#init.backoff ?? BACKOFF)
    this.#backoffs.set(key, backoff)
    const delayMs = backoff.next(error instanceof ApiError ? error.retryAfterMs : undefined)
    // A conflict is ordinary: somebody wrote in between, and his version is on its way to us.
    const level = isStatus(error, 409) ? 'debug' : 'warn'
    const expected = error instanceof ApiError || error instanceof ApiUnreachable
    const told = expected ? { error: error.message } : { err: error } // a defect shows its stack
    const fields = this.#init.fieldsOf?.(key) ?? { key }
    this.#init.log[level]({ ...fields, ...told, delayMs }, 'trying again')
    this.addAfter(key, delayMs)
  }
}
