// The controller's copy of the cluster: what Services, pools, namespaces and nodes there are. Judges none of them.

import type { Logger } from 'pino'
import type { IPAddressPool, Namespace, Node, Service, ServiceCIDR, ServiceL2Status } from '../api/index.ts'
import type { ConfigurationObjects } from '../config/index.ts'
import {
  type ApiClient,
  IP_ADDRESS_POOLS,
  isSameInput,
  NAMESPACES,
  NODES,
  Reflector,
  SERVICE_CIDRS,
  SERVICE_L2_STATUSES,
  SERVICES,
  type Startable,
} from '../kube/index.ts'
import {
  keptOfNode,
  nodeReservations,
  sameNodeAddresses,
  serviceCidrReservations,
} from './reserved-addresses.ts'

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
  readonly #services: Reflector<Service>
  readonly #pools: Reflector<IPAddressPool>
  readonly #namespaces: Reflector<Namespace>
  readonly #nodes: Reflector<Node>
  readonly #serviceCidrs: Reflector<ServiceCIDR>
  readonly #statuses: Reflector<ServiceL2Status>

  constructor(components: { client: ApiClient; log: Logger }, init: ClusterCopyInit) {
    const { namespace, onService, onConfiguration, onPool } = init
    this.#services = new Reflector<Service>(components, { resource: SERVICES, onChange: onService })
    this.#pools = new Reflector<IPAddressPool>(components, {
      resource: IP_ADDRESS_POOLS,
      namespace,
      onChange: (_, pool, before) => {
        if (!isSameInput(pool, before)) onConfiguration()
        if (pool !== undefined) onPool(pool)
      },
    })
    this.#namespaces = new Reflector<Namespace>(components, {
      resource: NAMESPACES,
      onChange: (_, now, before) => {
        if (!isSameInput(now, before)) onConfiguration()
      },
    })
    this.#nodes = new Reflector<Node>(components, {
      resource: NODES,
      optional: true,
      keep: keptOfNode,
      onChange: (_, now, before) => {
        if (!sameNodeAddresses(now, before)) onConfiguration()
      },
    })
    this.#serviceCidrs = new Reflector<ServiceCIDR>(components, {
      resource: SERVICE_CIDRS,
      optional: true,
      onChange: (_, now, before) => {
        if (!isSameInput(now, before)) onConfiguration()
      },
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
    return this.#needed.every(({ hasSynced }) => hasSynced)
  }

  start(): void {
    for (const reflector of [...this.#needed, this.#statuses]) reflector.start()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#needed, this.#statuses].map((reflector) => reflector.stop()))
  }

  /** Resolves when everything has been read once, or the copy was stopped. */
  async synced(): Promise<void> {
    await Promise.all(this.#needed.map(({ synced }) => synced))
  }

  /** Resolves when what other replicas may have written before this call is in the copy, or the copy was stopped. */
  async reread(): Promise<void> {
    await Promise.all([this.#services, this.#pools, this.#namespaces].map((reflector) => reflector.relist()))
    await this.synced()
  }

  get #needed() {
    return [this.#services, this.#pools, this.#namespaces, this.#nodes, this.#serviceCidrs]
  }
}
