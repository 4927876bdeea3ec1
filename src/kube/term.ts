// A time of being the active replica: what is sent in it, and that nothing is sent after it.

import { setMaxListeners } from 'node:events'
import type { ApiRequest } from './client.ts'
import { TermOver } from './errors.ts'

/** What binds a request to a term: it is sent, and answered, within it or not at all. */
export type TermBounds = Required<Pick<ApiRequest, 'signal' | 'deadlineMs' | 'beforeSend'>>

/** No request waits longer, however long the term may last. */
const DEADLINE_MS = 15_000

/** Over for good once it is over. `clock` in ms; it never goes back, and goes on while the machine sleeps. */
export class Term {
  readonly #clock: () => number
  readonly #over = new AbortController()
  #until: number

  /** `until`: Infinity for one that nobody else can end. */
  constructor(clock: () => number, until: number) {
    this.#clock = clock
    this.#until = until
    setMaxListeners(0, this.#over.signal) // one for each request that is under way
  }

  /** Aborted when the term is over. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  get isOver(): boolean {
    return this.#over.signal.aborted || this.leftMs === 0
  }

  get leftMs(): number {
    return Math.max(0, this.#until - this.#clock())
  }

  /** Throws `TermOver`. A process that was frozen notices here, before its timers have run. */
  bounds(): TermBounds {
    this.#check()
    return {
      signal: this.#over.signal,
      deadlineMs: Math.min(DEADLINE_MS, this.leftMs),
      beforeSend: () => this.#check(),
    }
  }

  /** It was renewed; one that is over stays so. */
  extend(until: number): void {
    if (!this.isOver) this.#until = until
  }

  end(): void {
    this.#over.abort(new TermOver())
  }

  #check(): void {
    if (!this.isOver) return
    this.end()
    throw new TermOver()
  }
}
