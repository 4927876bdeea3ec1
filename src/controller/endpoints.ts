// The endpoints of one Service, asked for when somebody looks at it: the controller needs them for nothing else, and of
// ten thousand Services they would be much to keep.

import type { EndpointSlice } from '../api/index.ts'
import { type ApiClient, ENDPOINT_SLICES, pathOf } from '../kube/index.ts'

/** Whoever looks does not wait longer; he is told the rest. */
const DEADLINE_MS = 2000
/** At a time. */
const REQUESTS = 4

export class Endpoints {
  readonly #client: Pick<ApiClient, 'request'>
  readonly #asking = new Map<string, Promise<readonly EndpointSlice[] | null>>()

  constructor(client: Pick<ApiClient, 'request'>) {
    this.#client = client
  }

  /** `null`: the API server does not say, or too many ask at once. Never rejects. */
  async of(namespace: string, name: string): Promise<readonly EndpointSlice[] | null> {
    const key = `${namespace}/${name}`
    const asked = this.#asking.get(key)
    if (asked !== undefined) return asked
    if (this.#asking.size >= REQUESTS) return null
    const asking = this.#ask(namespace, name).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #ask(namespace: string, name: string): Promise<readonly EndpointSlice[] | null> {
    try {
      const { items = [] } = await this.#client.request<{ items?: EndpointSlice[] }>({
        path: pathOf(ENDPOINT_SLICES, { namespace }),
        query: { labelSelector: `kubernetes.io/service-name=${name}`, limit: 100 },
        deadlineMs: DEADLINE_MS,
      })
      return items
    } catch {
      return null
    }
  }
}
