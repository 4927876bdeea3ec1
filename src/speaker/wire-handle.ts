// The main thread's side of the wire thread: starts it, sends it intents, takes its reports, knows whether it lives.

import { Worker } from 'node:worker_threads'
import type { Settings } from '../election/index.ts'
import type { Startable } from '../kube/index.ts'
import type {
  AddressIntent,
  Counters,
  HeldAddress,
  Intents,
  IntentsChange,
  Report,
  ReportChange,
  TransitionReport,
} from './intents.ts'
import { intentsChange } from './intents-change.ts'

/** The wire thread is heard at least this often; silence for three times as long means that it is stuck. */
export const ALIVE_INTERVAL_MS = 1000
const SILENCE_LIMIT_MS = 3 * ALIVE_INTERVAL_MS

/** V8 would let it grow to 48 MB in each thread, for speed that this one does not need. */
const YOUNG_MB = 6

/** How long who asks for the counters waits for them before the last ones have to do. */
const COUNT_LIMIT_MS = 500

/** What the thread is started with. */
export interface WireInit {
  node: string
  /** Sources of regular expressions. */
  excludedInterfaces: readonly string[]
  /** That hellos are signed with. */
  secret: Uint8Array
  settings: Settings
}

/** What the thread is sent. */
export type WireOrder =
  | { kind: 'intents'; change: IntentsChange }
  | { kind: 'secret'; secret: Uint8Array }
  | { kind: 'count' }
  | { kind: 'stop' }

/** What the thread sends. */
export type WireMessage =
  | { kind: 'report'; change: ReportChange }
  | { kind: 'transitions'; transitions: readonly TransitionReport[] }
  | { kind: 'counters'; counters: Counters }
  | { kind: 'alive' }
  | { kind: 'log'; level: 'info' | 'warn'; fields: Readonly<Record<string, unknown>>; message: string }

export interface WireHandleEvents {
  onReport: (report: Report) => void
  onTransitions: (transitions: readonly TransitionReport[]) => void
  onLog: (message: Extract<WireMessage, { kind: 'log' }>) => void
  /** The thread ended by itself: without it the process is of no use. */
  onFailure: (error: Error) => void
}

/** In the bundle a program of its own; from the sources the file beside this one. */
const THREAD = import.meta.url.endsWith('.ts')
  ? new URL('./wire-thread.ts', import.meta.url)
  : new URL('./wire-thread.js', import.meta.url)

export class WireHandle implements Startable {
  readonly #init: WireInit
  readonly #events: WireHandleEvents
  #worker: Worker | undefined
  /** What the thread was told last. */
  #sent: readonly AddressIntent[] = []
  /** By address. */
  readonly #held = new Map<string, HeldAddress>()
  #heard = performance.now()
  #counters: Counters = { addresses: {}, frames: {}, losses: {}, hellos: {} }
  #counting: Promise<Counters> | undefined
  #onCounted = (): void => undefined
  #stopping = false

  constructor(init: WireInit, events: WireHandleEvents) {
    this.#init = init
    this.#events = events
  }

  start(): void {
    const worker = new Worker(THREAD, {
      workerData: this.#init,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    this.#worker = worker
    worker.on('message', (message: WireMessage) => {
      this.#heard = performance.now()
      if (message.kind === 'report') this.#onReport(message.change)
      else if (message.kind === 'transitions') this.#events.onTransitions(message.transitions)
      else if (message.kind === 'counters') this.#counted(message.counters)
      else if (message.kind === 'log') this.#events.onLog(message)
    })
    worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', (code) => this.#fail(new Error(`the wire thread ended with ${code}`)))
  }

  #onReport({ held, released, ...rest }: ReportChange): void {
    for (const ip of released) this.#held.delete(ip)
    for (const address of held) this.#held.set(address.ip, address)
    this.#events.onReport({ ...rest, held: [...this.#held.values()] })
  }

  /** Whether the thread does its work. */
  get lives(): boolean {
    return performance.now() - this.#heard < SILENCE_LIMIT_MS
  }

  send(intents: Intents): void {
    this.#order({ kind: 'intents', change: intentsChange(intents, this.#sent) })
    this.#sent = intents.addresses
  }

  changeSecret(secret: Uint8Array): void {
    this.#order({ kind: 'secret', secret })
  }

  #order(order: WireOrder): void {
    this.#worker?.postMessage(order)
  }

  /** What the thread counted up to now, or, when it does not answer in time, up to the last time. */
  counters(): Promise<Counters> {
    this.#counting ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#onCounted(), COUNT_LIMIT_MS)
      this.#onCounted = () => {
        clearTimeout(timer)
        this.#counting = undefined
        resolve(this.#counters)
      }
      this.#order({ kind: 'count' })
    })
    return this.#counting
  }

  #counted(counters: Counters): void {
    this.#counters = counters
    this.#onCounted()
  }

  /** Asks the thread to hand over what it holds and to end; resolves when it has. */
  async stop(): Promise<void> {
    this.#stopping = true
    const worker = this.#worker
    if (worker === undefined) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    this.#order({ kind: 'stop' })
    await ended
  }

  #fail(error: Error): void {
    if (!this.#stopping) this.#events.onFailure(error)
    this.#stopping = true
  }
}
