// The counters in the status of each IPAddressPool, written when they change.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { PoolUsage } from '../allocator/index.ts'
import type { IPAddressPool } from '../api/index.ts'
import {
  type ApiClient,
  IP_ADDRESS_POOLS,
  isStatus,
  PATCH,
  pathOf,
  type Startable,
  WorkQueue,
} from '../kube/index.ts'

/** Changes within this time are one write: assigning a thousand addresses is not a thousand writes of the pool. */
const PACE_MS = 500

export interface PoolStatusComponents {
  client: ApiClient
  log: Logger
}

export interface PoolStatusInit {
  namespace: string
  /** Of the accepted pools, by name. */
  usage: () => ReadonlyMap<string, PoolUsage>
}

export class PoolStatusWriter implements Startable {
  readonly #client: ApiClient
  readonly #init: PoolStatusInit
  readonly #queue: WorkQueue
  /** What was written last: reading it back would round counts beyond 2^53. */
  readonly #written = new Map<string, string>()

  constructor({ client, log }: PoolStatusComponents, init: PoolStatusInit) {
    this.#client = client
    this.#init = init
    this.#queue = new WorkQueue({ log, concurrency: 1, handler: (pool) => this.#write(pool) })
  }

  start(): void {
    this.#queue.start()
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
  }

  /** Assignments may have changed. */
  changed(): void {
    for (const [pool, usage] of this.#init.usage()) {
      if (statusText(usage) !== this.#written.get(pool)) this.#queue.addAfter(pool, PACE_MS)
    }
  }

  /** A pool as the API server shows it: written again when it does not say what we wrote, as one made anew does not. */
  seen({ metadata: { name = '' }, status }: IPAddressPool): void {
    const written = this.#written.get(name)
    if (written === undefined || isDeepStrictEqual(JSON.parse(written), status)) return
    this.#written.delete(name)
    this.#queue.addAfter(name, PACE_MS)
  }

  async #write(pool: string): Promise<void> {
    const usage = this.#init.usage().get(pool)
    if (usage === undefined) return
    const text = statusText(usage)
    if (text === this.#written.get(pool)) return
    try {
      await this.#client.request({
        method: 'PATCH',
        path: pathOf(IP_ADDRESS_POOLS, {
          namespace: this.#init.namespace,
          name: pool,
          subresource: 'status',
        }),
        contentType: PATCH.merge,
        text: `{"status":${text}}`,
      })
      this.#written.set(pool, text)
    } catch (error) {
      if (!isStatus(error, 404)) throw error
    }
  }
}

/** The status as JSON text: its integers may be larger than a JavaScript number can say exactly. */
function statusText({ IPv4, IPv6 }: PoolUsage): string {
  const counts = {
    assignedIPv4: IPv4.inUse,
    assignedIPv6: IPv6.inUse,
    availableIPv4: IPv4.available,
    availableIPv6: IPv6.available,
  }
  return `{${Object.entries(counts)
    .map(([name, count]) => `"${name}":${count}`)
    .join()}}`
}
