// The last intents in a file beside the process: what a speaker begins with that is started anew while the API server is
// away. Best effort: a file that cannot be written or read costs only that.

import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import type { Startable } from '../kube/index.ts'
import { decodeIntents, encodeIntents } from './checkpoint-format.ts'
import type { Intents } from './intents.ts'

/** Changes that follow each other closely are written once. */
const PAUSE_MS = 1000

/** And so many times as far apart as one takes: with thousands of addresses on a hundred nodes that is a third of a second. */
const PAUSE_PER_WRITE = 20

export interface CheckpointInit {
  /** Empty: nothing is kept. */
  readonly path: string
  readonly node: string
}

export class Checkpoint implements Startable {
  readonly #log: Logger
  readonly #init: CheckpointInit
  #newest: Intents | undefined
  #waiting: NodeJS.Timeout | undefined
  #pauseMs = PAUSE_MS
  #writing: Promise<void> = Promise.resolve()
  #hasFailed = false

  constructor({ log }: { log: Logger }, init: CheckpointInit) {
    this.#log = log
    this.#init = init
  }

  start(): void {
    // Nothing is written before there are intents.
  }

  /** Writes what waits. */
  async stop(): Promise<void> {
    clearTimeout(this.#waiting)
    if (this.#newest !== undefined) this.#write()
    await this.#writing
  }

  /** What this node could hold when it ran last, marked as stale; `undefined`: nothing of use is there. */
  read(): Intents | undefined {
    if (this.#init.path === '') return undefined
    try {
      return decodeIntents(readFileSync(this.#init.path, 'utf8'), this.#init.node)
    } catch (error) {
      if (!isMissing(error)) this.#complain(error, 'the checkpoint is of no use; waiting for the API server')
      return undefined
    }
  }

  /** Keeps the intents, soon. */
  keep(intents: Intents): void {
    if (this.#init.path === '') return
    this.#newest = intents
    this.#waiting ??= setTimeout(() => this.#write(), this.#pauseMs)
  }

  #write(): void {
    const intents = this.#newest
    this.#waiting = undefined
    this.#newest = undefined
    if (intents === undefined) return
    const begin = performance.now()
    const text = encodeIntents(intents)
    this.#pauseMs = Math.max(PAUSE_MS, PAUSE_PER_WRITE * (performance.now() - begin))
    this.#writing = this.#writing.then(() => this.#replace(text))
  }

  /** In one step: a process that is killed leaves the old one, or the new one. */
  async #replace(text: string): Promise<void> {
    const { path } = this.#init
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(`${path}.new`, text, { mode: 0o600 })
      await rename(`${path}.new`, path)
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed)
        this.#complain(error, 'no checkpoint can be written; --checkpoint names another file')
      this.#hasFailed = true
    }
  }

  #complain(error: unknown, message: string): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#log.warn({ file: this.#init.path, reason }, message)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
