// Every address that a Service showed, in the order in which the API server stored them: what is looked at only at the
// end may have been lost, or given twice, in between.

import { EventEmitter, once } from 'node:events'
import pino from 'pino'
import type { Service } from '../../src/api/index.ts'
import { ApiClient, loadCredentials, Reflector, SERVICES } from '../../src/kube/index.ts'

const client = new ApiClient(await loadCredentials())

/** Watches the Services of namespace `default` from `start` to `stop`. */
export class AssignmentHistory {
  readonly #client = client
  readonly #reflector = new Reflector<Service>(
    { client: this.#client, log: pino({ level: 'silent' }) },
    {
      resource: SERVICES,
      namespace: 'default',
      onChange: (key, service) => this.#onChange(key.replace('default/', ''), service),
    },
  )
  readonly #shown = new Map<string, string[]>()
  readonly #holders = new Map<string, string>()
  readonly #doubles: string[] = []
  readonly #changes = new EventEmitter()

  async start(): Promise<void> {
    this.#reflector.start()
    await this.#reflector.synced
  }

  async stop(): Promise<void> {
    await this.#reflector.stop()
    this.#client.stop()
  }

  /** What the Service showed, one after the other, addresses joined by a comma; '' is nothing. */
  of(service: string): readonly string[] {
    return this.#shown.get(service) ?? []
  }

  /** Resolves as soon as `condition` holds; looked at whenever an address comes or goes. */
  async until(what: string, condition: () => boolean, deadlineMs: number): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs)
    while (!condition()) {
      await once(this.#changes, 'change', { signal }).catch(() => {
        throw new Error(`${what}: not within ${deadlineMs / 1000} s`)
      })
    }
  }

  /** Each case of one address at two Services at a time. For Services that share nothing. */
  get doubles(): readonly string[] {
    return this.#doubles
  }

  #onChange(name: string, service: Service | undefined): void {
    const before = this.#shown.get(name)
    const addresses = (service?.status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip)
    const now = addresses.join(',')
    if (before?.at(-1) === now) return
    this.#shown.set(name, [...(before ?? []), now])
    for (const address of before?.at(-1)?.split(',') ?? []) {
      if (this.#holders.get(address) === name) this.#holders.delete(address)
    }
    for (const address of addresses) {
      const holder = this.#holders.get(address)
      if (holder !== undefined) this.#doubles.push(`${name} shows ${address} while ${holder} does`)
      this.#holders.set(address, name)
    }
    this.#changes.emit('change')
  }
}
