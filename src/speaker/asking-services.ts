// The Services that some node may announce, each with what it asks for, brought up to date one by one.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { EndpointSlice, Service } from '../api/index.ts'
import type { AskingService } from './combine.ts'
import { type ClusterView, serviceIntent, type Withheld } from '../candidates/index.ts'

export class AskingServices {
  readonly #log: Logger
  readonly #asking = new Map<string, AskingService>()
  readonly #withheld = new Map<string, Withheld>()

  constructor({ log }: { log: Logger }) {
    this.#log = log
  }

  get(key: string): AskingService | undefined {
    return this.#asking.get(key)
  }

  all(): IterableIterator<AskingService> {
    return this.#asking.values()
  }

  /** Keys of the Services, by address as text. */
  byAddress(): ReadonlyMap<string, readonly string[]> {
    const services = new Map<string, string[]>()
    for (const { key, intent } of this.#asking.values()) {
      for (const ip of intent.ips) services.set(ip, [...(services.get(ip) ?? []), key])
    }
    return services
  }

  /** Whether it asks for anything else than before. `service`: undefined when it is gone, or somebody else's. */
  update(
    key: string,
    service: Service | undefined,
    slices: readonly EndpointSlice[],
    view: ClusterView,
  ): boolean {
    const before = this.#asking.get(key)
    const intent = service && serviceIntent(service, slices, view)
    this.#withhold(key, typeof intent === 'string' && intent !== 'notLoadBalancer' ? intent : undefined)
    if (intent === undefined || typeof intent === 'string') return this.#asking.delete(key)
    const asking = { key, created: service?.metadata?.creationTimestamp ?? '', intent }
    if (isDeepStrictEqual(asking, before)) return false
    this.#asking.set(key, asking)
    return true
  }

  /** Says why nobody announces it, once. */
  #withhold(key: string, reason: Withheld | undefined): void {
    if (reason === this.#withheld.get(key)) return
    if (reason === undefined) {
      this.#withheld.delete(key)
      return
    }
    this.#withheld.set(key, reason)
    this.#log.info({ service: key, reason }, 'not announced by any node')
  }
}
