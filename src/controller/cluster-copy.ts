// The controller's copy of the cluster: what Services, pools, namespaces and nodes there are. Judges none of them.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type {
  IPAddressPool,
  KubeObject,
  L2Advertisement,
  Namespace,
  Node,
  Pod,
  Service,
  ServiceCIDR,
  ServiceL2Status,
} from '../api/index.ts'
import {
  type ConfigurationObjects,
  nodeReservations,
  selectsNamespaces,
  serviceCidrReservations,
} from '../config/index.ts'
import {
  type ApiClient,
  IP_ADDRESS_POOLS,
  isSameInput,
  L2_ADVERTISEMENTS,
  NAMESPACES,
  NODES,
  PODS,
  type Reflector,
  Reflectors,
  SERVICE_CIDRS,
  SERVICE_L2_STATUSES,
  SERVICES,
  splitKey,
  type Startable,
} from '../kube/index.ts'
import { keptOfNode, keptOfPod } from './kept.ts'
import { sameNodeAddresses } from './node-addresses.ts'

export interface ClusterCopyInit {
  /** Of the pools, and of our pods. */
  namespace: string
  /** Selects the speakers' pods. */
  speakerLabels: string
  onService: (key: string, service: Service | undefined, before: Service | undefined) => void
  /** What the configuration is read from has changed. */
  onConfiguration: () => void
  /** A pool is new, other than before, be it only its status, or gone (`undefined`). */
  onPool: (name: string, pool: IPAddressPool | undefined, before: IPAddressPool | undefined) => void
  onStatus: (key: string, now: ServiceL2Status | undefined, before: ServiceL2Status | undefined) => void
  /** What decides who may announce has changed: of this node or, where it is `undefined`, of all of them. */
  onCandidates: (node: string | undefined) => void
}

export class ClusterCopy implements Startable {
  readonly #namespace: string
  readonly #needed: Reflectors
  /** For who looks; nobody waits for them. */
  readonly #shown: Reflectors
  readonly #services: Reflector<Service>
  readonly #pools: Reflector<IPAddressPool>
  readonly #poolsByName = new Map<string, IPAddressPool>()
  readonly #namespaces: Reflector<Namespace>
  readonly #nodes: Reflector<Node>
  readonly #serviceCidrs: Reflector<ServiceCIDR>
  readonly #statuses: Reflector<ServiceL2Status>
  readonly #advertisements: Reflector<L2Advertisement>
  readonly #speakers: Reflector<Pod>

  constructor(components: { client: ApiClient; log: Logger }, init: ClusterCopyInit) {
    const { namespace, speakerLabels, onService, onConfiguration, onPool, onStatus, onCandidates } = init
    this.#namespace = namespace
    const onInput = (_: string, now?: KubeObject, before?: KubeObject): void => {
      if (isSameInput(now, before)) return
      onConfiguration()
      onCandidates(undefined)
    }
    this.#needed = new Reflectors(components)
    this.#services = this.#needed.add<Service>({ resource: SERVICES, onChange: onService })
    this.#pools = this.#needed.add<IPAddressPool>({
      resource: IP_ADDRESS_POOLS,
      namespace,
      onChange: (key, pool, before) => {
        const { name } = splitKey(key)
        if (pool === undefined) this.#poolsByName.delete(name)
        else this.#poolsByName.set(name, pool)
        onInput(key, pool, before)
        onPool(name, pool, before)
      },
    })
    this.#namespaces = this.#needed.add<Namespace>({
      resource: NAMESPACES,
      onChange: (key, now, before) => {
        // Without a pool that selects by them namespaces come and go by the thousand and concern nobody.
        if ([...this.pools.values()].some(selectsNamespaces)) onInput(key, now, before)
      },
    })
    this.#nodes = this.#needed.add<Node>({
      resource: NODES,
      optional: true,
      keep: keptOfNode,
      onChange: (name, now, before) => {
        if (!sameNodeAddresses(now, before)) onConfiguration()
        if (!isSameNode(now, before)) onCandidates(name)
      },
    })
    this.#serviceCidrs = this.#needed.add<ServiceCIDR>({
      resource: SERVICE_CIDRS,
      optional: true,
      onChange: (_, now, before) => {
        if (!isSameInput(now, before)) onConfiguration()
      },
    })
    this.#shown = new Reflectors(components)
    this.#statuses = this.#shown.add<ServiceL2Status>({
      resource: SERVICE_L2_STATUSES,
      namespace,
      onChange: onStatus,
    })
    this.#advertisements = this.#shown.add<L2Advertisement>({
      resource: L2_ADVERTISEMENTS,
      namespace,
      optional: true,
      onChange: () => onCandidates(undefined),
    })
    this.#speakers = this.#shown.add<Pod>({
      resource: PODS,
      namespace,
      labelSelector: speakerLabels,
      optional: true,
      keep: keptOfPod,
      onChange: (_, now, before) => onCandidates((now ?? before)?.spec?.nodeName),
    })
  }

  get services(): ReadonlyMap<string, Service> {
    return this.#services.objects
  }

  get pools(): ReadonlyMap<string, IPAddressPool> {
    return this.#pools.objects
  }

  get poolsByName(): ReadonlyMap<string, IPAddressPool> {
    return this.#poolsByName
  }

  get nodes(): ReadonlyMap<string, Node> {
    return this.#nodes.objects
  }

  /** Pods, as much as is kept of them. */
  get speakers(): ReadonlyMap<string, Pod> {
    return this.#speakers.objects
  }

  get advertisements(): ReadonlyMap<string, L2Advertisement> {
    return this.#advertisements.objects
  }

  /** Whether the first lists are behind us: what is new from here on has just happened. */
  get isLive(): boolean {
    return this.hasSynced && this.#statuses.hasSynced
  }

  get configurationObjects(): ConfigurationObjects {
    return {
      pools: this.#isBeingRemoved ? [] : [...this.#pools.objects.values()],
      advertisements: [],
      namespaces: [...this.#namespaces.objects.values()],
      reserved: [
        ...[...this.#nodes.objects.values()].flatMap(nodeReservations),
        ...[...this.#serviceCidrs.objects.values()].flatMap(serviceCidrReservations),
      ],
    }
  }

  /**
   * Whether our own namespace is being deleted, and with it one pool after the other. What is left of them meanwhile is
   * nobody's will; without any pool nothing is given and nothing is released.
   */
  get #isBeingRemoved(): boolean {
    return this.#namespaces.objects.get(this.#namespace)?.metadata?.deletionTimestamp !== undefined
  }

  /** Whether everything has been read once that addresses are given by. */
  get hasSynced(): boolean {
    return this.#needed.hasSynced
  }

  start(): void {
    this.#needed.start()
    this.#shown.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#needed.stop(), this.#shown.stop()])
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

/** Whether of what is kept of a node all is as it was: its heartbeats change no more than its version. */
function isSameNode(now: Node | undefined, before: Node | undefined): boolean {
  const matters = (node: Node | undefined): unknown => [node?.metadata?.labels, node?.spec, node?.status]
  return isDeepStrictEqual(matters(now), matters(before))
}
