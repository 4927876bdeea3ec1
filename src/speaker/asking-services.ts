// The Services that some node may announce, each with what it asks for, brought up to date one by one.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { EndpointSlice, Service } from '../api/index.ts'
import { type AskingService, CombinedIntents } from './combine.ts'
import { type ClusterView, type ServiceIntent, serviceIntent, type Withheld } from '../candidates/index.ts'

export class AskingServices {
  readonly #log: Logger
  readonly #asking = new Map<string, AskingService>()
  readonly #combined: CombinedIntents
  readonly #withheld = new Map<string, Withheld>()

  constructor({ log }: { log: Logger }, { node }: { node: string }) {
    this.#log = log
    this.#combined = new CombinedIntents(node)
  }

  get(key: string): AskingService | undefined {
    return this.#asking.get(key)
  }

  /** What the node may hold on their account. */
  get combined(): Omit<CombinedIntents, 'change'> {
    return this.#combined
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
    const asking =
      service === undefined || intent === undefined || typeof intent === 'string'
        ? undefined
        : askingService(key, service, intent)
    if (isDeepStrictEqual(asking, before)) return false
    this.#combined.change(before, asking)
    if (asking === undefined) this.#asking.delete(key)
    else this.#asking.set(key, asking)
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

function askingService(key: string, { metadata }: Service, intent: ServiceIntent): AskingService {
  return { key, uid: metadata?.uid ?? '', created: metadata?.creationTimestamp ?? '', intent }
}
