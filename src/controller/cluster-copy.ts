// The controller's copy of the cluster: what Services, pools, namespaces and nodes there are. Judges none of them.

import type { Logger } from 'pino'
import type {
  IPAddressPool,
  KubeObject,
  Namespace,
  Node,
  Service,
  ServiceCIDR,
  ServiceL2Status,
} from '../api/index.ts'
import { type ConfigurationObjects, nodeReservations, serviceCidrReservations } from '../config/index.ts'
import {
  type ApiClient,
  IP_ADDRESS_POOLS,
  isSameInput,
  NAMESPACES,
  NODES,
  Reflector,
  Reflectors,
  SERVICE_CIDRS,
  SERVICE_L2_STATUSES,
  SERVICES,
  type Startable,
} from '../kube/index.ts'
import { keptOfNode, sameNodeAddresses } from './node-addresses.ts'

export interface ClusterCopyInit {
  /** Of the pools. */
  namespace: string
  onService: (key: string, service: Service | undefined) => void
  /** What the configuration is read from has changed. */
  onConfiguration: () => void
  /** A pool is new or other than before, be it only its status. */
  onPool: (pool: IPAddressPool) => void
}

export class ClusterCopy implements Startable {
  readonly #needed: Reflectors
  readonly #services: Reflector<Service>
  readonly #pools: Reflector<IPAddressPool>
  readonly #namespaces: Reflector<Namespace>
  readonly #nodes: Reflector<Node>
  readonly #serviceCidrs: Reflector<ServiceCIDR>
  readonly #statuses: Reflector<ServiceL2Status>

  constructor(components: { client: ApiClient; log: Logger }, init: ClusterCopyInit) {
    const { namespace, onService, onConfiguration, onPool } = init
    const onInput = (_: string, now?: KubeObject, before?: KubeObject): void => {
      if (!isSameInput(now, before)) onConfiguration()
    }
    this.#needed = new Reflectors(components)
    this.#services = this.#needed.add<Service>({ resource: SERVICES, onChange: onService })
    this.#pools = this.#needed.add<IPAddressPool>({
      resource: IP_ADDRESS_POOLS,
      namespace,
      onChange: (key, pool, before) => {
        onInput(key, pool, before)
        if (pool !== undefined) onPool(pool)
      },
    })
    this.#namespaces = this.#needed.add<Namespace>({ resource: NAMESPACES, onChange: onInput })
    this.#nodes = this.#needed.add<Node>({
      resource: NODES,
      optional: true,
      keep: keptOfNode,
      onChange: (_, now, before) => {
        if (!sameNodeAddresses(now, before)) onConfiguration()
      },
    })
    this.#serviceCidrs = this.#needed.add<ServiceCIDR>({
      resource: SERVICE_CIDRS,
      optional: true,
      onChange: onInput,
    })
    this.#statuses = new Reflector<ServiceL2Status>(components, { resource: SERVICE_L2_STATUSES, namespace })
  }

  get services(): ReadonlyMap<string, Service> {
    return this.#services.objects
  }

  get pools(): ReadonlyMap<string, IPAddressPool> {
    return this.#pools.objects
  }

  get statuses(): ReadonlyMap<string, ServiceL2Status> {
    return this.#statuses.objects
  }

  get configurationObjects(): ConfigurationObjects {
    return {
      pools: [...this.#pools.objects.values()],
      advertisements: [],
      namespaces: [...this.#namespaces.objects.values()],
      reserved: [
        ...[...this.#nodes.objects.values()].flatMap(nodeReservations),
        ...[...this.#serviceCidrs.objects.values()].flatMap(serviceCidrReservations),
      ],
    }
  }

  /** Whether everything has been read once that addresses are given by. */
  get hasSynced(): boolean {
    return this.#needed.hasSynced
  }

  start(): void {
    this.#needed.start()
    this.#statuses.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#needed.stop(), this.#statuses.stop()])
  }

  /** Resolves when everything has been read once, or the copy was stopped. */
  synced(): Promise<void> {
    return this.#needed.synced()
  }

  /** Resolves when what other replicas may have written before this call is in the copy, or the copy was stopped. */
  async reread(): Promise<void> {
    await Promise.all([this.#services, this.#pools, this.#namespaces].map((reflector) => reflector.relist()))
    await this.synced()
  }
}
