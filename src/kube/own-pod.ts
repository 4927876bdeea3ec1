// The pod that we run in: owner of the status objects that go when we do.

import type { Logger } from 'pino'
import type { Pod } from '../api/index.ts'
import type { ApiClient } from './client.ts'
import { PODS } from './collections.ts'
import { Reflector } from './reflector.ts'
import type { Startable } from './startable.ts'

interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
}

export interface OwnPodInit {
  namespace: string
  /** Empty: we run outside a pod. */
  name: string
}

export class OwnPod implements Startable {
  readonly #init: OwnPodInit
  readonly #reflector: Reflector<Pod>

  constructor(components: { client: ApiClient; log: Logger }, init: OwnPodInit) {
    const { namespace, name } = init
    this.#init = init
    this.#reflector = new Reflector<Pod>(components, {
      resource: PODS,
      namespace,
      fieldSelector: `metadata.name=${name}`,
    })
  }

  start(): void {
    if (this.#init.name !== '') this.#reflector.start()
  }

  async stop(): Promise<void> {
    await this.#reflector.stop()
  }

  /** For the objects that we create; none outside a pod. Rejects while the pod is not known, to be tried again. */
  async ownerReferences(): Promise<OwnerReference[]> {
    if (this.#init.name === '') return []
    await this.#reflector.synced
    const [pod] = this.#reflector.objects.values()
    const { name, uid } = pod?.metadata ?? {}
    if (name === undefined || uid === undefined)
      throw new Error(`our own pod ${this.#init.name} is not in the cluster`)
    return [{ apiVersion: 'v1', kind: 'Pod', name, uid }]
  }
}
