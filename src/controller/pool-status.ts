// The status of each IPAddressPool: its counters and conditions, written when they change.

import type { Logger } from 'pino'
import type { PoolReport } from '../allocator/index.ts'
import type { IPAddressPool } from '../api/index.ts'
import {
  type ApiClient,
  IP_ADDRESS_POOLS,
  isStatus,
  PATCH,
  pathOf,
  type Startable,
  type Term,
  timestamp,
  WorkQueue,
} from '../kube/index.ts'
import { poolStatusText, reportText, showsReport } from './pool-status-text.ts'

/** A pool is written at most once in this time: assigning a thousand addresses is not a thousand writes of the pool. */
const PACE_MS = 1000
/** The first change is written after this time, with those that come together with it. */
const GATHER_MS = 20

export interface PoolStatusComponents {
  client: ApiClient
  log: Logger
  /** Nothing is written outside it. */
  term: Term
}

export interface PoolStatusInit {
  namespace: string
  /** As the API server shows them, by key. */
  pools: () => ReadonlyMap<string, IPAddressPool>
  /** Of all pools, by name. */
  reports: () => ReadonlyMap<string, PoolReport>
}

export class PoolStatusWriter implements Startable {
  readonly #components: PoolStatusComponents
  readonly #init: PoolStatusInit
  readonly #queue: WorkQueue
  #reports: ReadonlyMap<string, PoolReport> = new Map()
  /** The reports as we wrote them, exactly: what is read back has its counts rounded beyond 2^53. */
  readonly #written = new Map<string, string>()
  /** What the server answered, until the watch shows it. */
  readonly #answers = new Map<string, IPAddressPool>()
  #lookedAt = -Infinity
  #looking: NodeJS.Timeout | undefined
  #running = false

  constructor(components: PoolStatusComponents, init: PoolStatusInit) {
    this.#components = components
    this.#init = init
    this.#queue = new WorkQueue({
      log: components.log,
      fieldsOf: (pool) => ({ pool }),
      concurrency: 4,
      handler: (pool) => this.#write(pool),
    })
  }

  start(): void {
    this.#running = true
    this.#queue.start()
  }

  async stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#looking)
    await this.#queue.stop()
  }

  /** Assignments or pools may have changed. Costs nothing: they are looked at once a second at most. */
  changed(): void {
    if (!this.#running || this.#looking !== undefined) return
    const waitMs = Math.max(GATHER_MS, this.#lookedAt + PACE_MS - performance.now())
    this.#looking = setTimeout(() => this.#look(), waitMs)
  }

  /** The API server shows the pool anew: perhaps somebody else wrote its status, or it is another of its name. */
  seen({ metadata: { name = '' } }: IPAddressPool): void {
    this.#answers.delete(name)
    this.changed()
  }

  #look(): void {
    this.#looking = undefined
    this.#lookedAt = performance.now()
    this.#reports = this.#init.reports()
    for (const name of this.#written.keys()) if (!this.#reports.has(name)) this.#written.delete(name)
    for (const [name, report] of this.#reports) if (!this.#isTold(name, report)) this.#queue.add(name)
  }

  #latest(name: string): IPAddressPool | undefined {
    return this.#answers.get(name) ?? this.#init.pools().get(`${this.#init.namespace}/${name}`)
  }

  #isTold(name: string, report: PoolReport): boolean {
    const written = this.#written.get(name)
    if (written !== undefined && written !== reportText(report)) return false
    return showsReport(this.#latest(name)?.status, report)
  }

  async #write(name: string): Promise<void> {
    const { client, term } = this.#components
    const pool = this.#latest(name)
    const report = this.#reports.get(name)
    if (pool === undefined || report === undefined || term.isOver) return
    try {
      const answer = await client.request<IPAddressPool>({
        method: 'PATCH',
        path: pathOf(IP_ADDRESS_POOLS, { namespace: this.#init.namespace, name, subresource: 'status' }),
        contentType: PATCH.merge,
        text: `{"status":${poolStatusText(report, pool.status, timestamp())}}`,
        ...term.bounds(),
      })
      this.#written.set(name, reportText(report))
      if (this.#latest(name) === pool) this.#answers.set(name, answer)
    } catch (error) {
      if (!isStatus(error, 404) && !term.isOver) throw error
    }
  }
}
