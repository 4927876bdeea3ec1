// One active replica among several, by a Lease in our namespace. What follows from being active is others' matter.

import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Lease } from '../api/index.ts'
import type { ApiClient } from './client.ts'
import { LEASES } from './collections.ts'
import { isStatus } from './errors.ts'
import {
  type Candidate,
  claim,
  type LeaseTiming,
  mayClaim,
  type Observation,
  observe,
  resignation,
} from './lease-rules.ts'
import { pathOf } from './resource.ts'
import type { Startable } from './startable.ts'
import { Term } from './term.ts'

/** client-go's: those who wait do not all ask at the same moment. */
const JITTER = 1.2
/** After somebody else wrote the lease that we hold: who has it now is what counts, and cannot wait. */
const CONFLICT_PAUSE_MS = 50
const RESIGN_DEADLINE_MS = 2000

export interface LeaseComponents {
  client: Pick<ApiClient, 'request'>
  log: Logger
  /** Milliseconds; never goes back, and goes on while the process or the machine sleeps. */
  clock: () => number
  /** Ends early, in whatever way, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  random?: () => number
}

export interface LeaseInit {
  namespace: string
  name: string
  /** Of this process alone. */
  identity: string
  predecessors: Candidate['predecessors']
  timing: LeaseTiming
  /** This replica is the active one from now on until the term is over. */
  onTerm: (term: Term) => void
}

/** Tries for ever to be the active one. Never throws. */
export class LeaseCandidate implements Startable {
  readonly #components: Required<LeaseComponents>
  readonly #init: LeaseInit
  readonly #candidate: Candidate
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #seen: Observation | null = null
  /** What was seen last is our own writing, so that the next renewal need not read first. */
  #isOwn = false
  #term: Term | undefined
  #refusal: string | undefined
  #said: string | undefined

  constructor(components: LeaseComponents, init: LeaseInit) {
    const sleep = (ms: number, signal: AbortSignal): Promise<void> => setTimeout(ms, undefined, { signal })
    this.#components = { sleep, random: Math.random, ...components }
    this.#init = init
    const { identity, predecessors, timing } = init
    this.#candidate = { identity, predecessors, durationMs: timing.durationMs }
  }

  /** Why the server does not let us have the lease, while it does not; that it is away is no reason. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /** Resolves when the first try is over, whatever came of it. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#running = this.#run(resolve)
    })
  }

  /** Gives the lease up if we have it: by now nobody may write any more. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    const wasActive = this.#isActive
    this.#term?.end()
    if (wasActive) await this.#resign()
  }

  get #isActive(): boolean {
    return this.#term !== undefined && !this.#term.isOver
  }

  async #run(onTried: () => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const pauseMs = await this.#tryAndTell()
      onTried()
      await this.#sleep(pauseMs, this.#stop.signal)
    }
    onTried()
  }

  /** Resolves with the time until the next try. */
  async #tryAndTell(): Promise<number> {
    const { retryPeriodMs } = this.#init.timing
    const atLeisure = retryPeriodMs * (1 + this.#components.random() * JITTER)
    try {
      await this.#try()
      this.#refusal = undefined
      this.#said = undefined
      return this.#isActive ? retryPeriodMs : atLeisure
    } catch (error) {
      this.#isOwn = false
      if (isStatus(error, 409)) return this.#isActive ? CONFLICT_PAUSE_MS : atLeisure
      this.#failed(error)
      // Before it has to give up a holder has a few more tries: perhaps only a connection broke.
      return this.#isActive ? retryPeriodMs / 4 : atLeisure
    }
  }

  async #try(): Promise<void> {
    if (!this.#isOwn) await this.#read()
    if (this.#seen === null || mayClaim(this.#seen, this.#candidate, this.#components.clock())) {
      await this.#claim(this.#seen?.lease ?? null)
    }
  }

  async #read(): Promise<void> {
    try {
      const lease = await this.#components.client.request<Lease>({ path: this.#path, ...this.#limits })
      const before = this.#seen
      this.#seen = observe(before, lease, this.#components.clock())
      this.#judge(lease, before?.lease)
    } catch (error) {
      if (!isStatus(error, 404)) throw error
      this.#seen = null
      this.#lose('somebody deleted the lease')
    }
  }

  #judge({ spec }: Lease, before: Lease | undefined): void {
    const { holderIdentity = '', leaseTransitions } = spec ?? {}
    if (holderIdentity === this.#init.identity) {
      if (leaseTransitions !== before?.spec?.leaseTransitions) this.#lose('somebody else had the lease')
      return
    }
    this.#lose(holderIdentity === '' ? 'somebody emptied the lease' : `${holderIdentity} has the lease`)
    if (holderIdentity !== before?.spec?.holderIdentity) {
      this.#components.log.info({ active: holderIdentity }, 'standing by')
    }
  }

  /** The term counts from before the request is sent, the others' patience from after it was granted. */
  async #claim(before: Lease | null): Promise<void> {
    const { client, clock } = this.#components
    const { namespace, name, timing } = this.#init
    const sentAt = clock()
    const written = await client.request<Lease>({
      method: before === null ? 'POST' : 'PUT',
      path: before === null ? pathOf(LEASES, { namespace }) : this.#path,
      body: {
        apiVersion: LEASES.apiVersion,
        kind: LEASES.kind,
        metadata: before?.metadata ?? { namespace, name },
        spec: claim(before, this.#candidate, new Date()),
      },
      ...this.#limits,
    })
    this.#seen = observe(this.#seen, written, clock())
    this.#isOwn = true
    this.#hold(sentAt + timing.renewDeadlineMs)
  }

  #hold(until: number): void {
    const { clock, log } = this.#components
    if (this.#term !== undefined && this.#isActive) return this.#term.extend(until)
    this.#term?.end()
    const term = new Term(clock, until)
    this.#term = term
    log.info({ identity: this.#init.identity }, 'this replica is active')
    void this.#expire(term)
    this.#init.onTerm(term)
  }

  /** Ends the term when it was not renewed in time. */
  async #expire(term: Term): Promise<void> {
    while (!term.isOver) await this.#sleep(term.leftMs, term.signal)
    if (term.signal.aborted) return
    this.#components.log.warn('the lease could not be renewed in time: this replica is not active any more')
    term.end()
  }

  #lose(reason: string): void {
    if (this.#isActive) this.#components.log.warn({ reason }, 'this replica is not active any more')
    this.#term?.end()
  }

  async #resign(): Promise<void> {
    const { client, log } = this.#components
    const bounds = { path: this.#path, deadlineMs: RESIGN_DEADLINE_MS }
    try {
      // What was seen last may be old: perhaps a renewal was under way.
      const lease = await client.request<Lease>(bounds)
      if (lease.spec?.holderIdentity !== this.#init.identity) return
      const body = { ...lease, spec: resignation(lease, new Date()) }
      await client.request({ ...bounds, method: 'PUT', body })
    } catch (error) {
      log.info({ reason: String(error) }, 'the lease was not given up: the next replica waits for its end')
    }
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return
    const cause = error instanceof Error ? error.message : String(error)
    const forbidden = isStatus(error, 403)
    const remedy = 'grant get, create and update of leases, or run one replica with --lease=false'
    const reason = forbidden ? `${cause}: ${remedy}` : cause
    if (forbidden) this.#refusal = reason
    this.#components.log[reason === this.#said ? 'debug' : 'warn'](
      { reason },
      'the lease is out of reach; trying again',
    )
    this.#said = reason
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#components.sleep(ms, signal).catch(() => undefined)
  }

  get #path(): string {
    const { namespace, name } = this.#init
    return pathOf(LEASES, { namespace, name })
  }

  get #limits(): { deadlineMs: number; signal: AbortSignal } {
    return { deadlineMs: this.#init.timing.renewDeadlineMs / 2, signal: this.#stop.signal }
  }
}
