// The speaker's copy of the cluster: what Services, endpoints, nodes, speakers, pools and advertisements there are.
// Judges none of them.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import {
  type EndpointSlice,
  type IPAddressPool,
  type KubeObject,
  type L2Advertisement,
  type Namespace,
  type Node,
  type Pod,
  type Service,
  SERVICE_OF_SLICE,
} from '../api/index.ts'
import type { ConfigurationObjects } from '../config/index.ts'
import {
  type ApiClient,
  ENDPOINT_SLICES,
  IP_ADDRESS_POOLS,
  isSameInput,
  keyOf,
  L2_ADVERTISEMENTS,
  NAMESPACES,
  NODES,
  PODS,
  type Reflector,
  Reflectors,
  SERVICES,
  type Startable,
} from '../kube/index.ts'
import { isReady } from '../program-pods.ts'
import { keptNode, keptPod, keptService, keptSlice } from './kept.ts'

export interface ClusterCopyInit {
  /** Of pools, advertisements and speakers. */
  namespace: string
  /** Selects the speakers' pods. */
  speakerLabels: string
  /** The Service or its endpoints have changed. */
  onService: (key: string) => void
  /** Which nodes and speakers there are, and how they are. */
  onNodes: () => void
  /** Which speakers are Ready. */
  onReadiness: () => void
  /** What the configuration is read from has changed. */
  onConfiguration: () => void
  /** A pool has come, gone or been edited. */
  onPoolEdit: () => void
}

export class ClusterCopy implements Startable {
  readonly #reflectors: Reflectors
  readonly #services: Reflector<Service>
  readonly #nodes: Reflector<Node>
  readonly #speakers: Reflector<Pod>
  readonly #pools: Reflector<IPAddressPool>
  readonly #advertisements: Reflector<L2Advertisement>
  readonly #namespaces: Reflector<Namespace>
  /** Mostly one of each Service. */
  readonly #slicesOf = new Map<string, readonly EndpointSlice[]>()

  constructor(components: { client: ApiClient; log: Logger }, init: ClusterCopyInit) {
    const { namespace, onService, onNodes, onReadiness, onConfiguration, onPoolEdit } = init
    const onInput = (_: string, now?: KubeObject, before?: KubeObject): void => {
      if (!isSameInput(now, before)) onConfiguration()
    }
    const reflectors = new Reflectors(components)
    this.#reflectors = reflectors
    this.#services = reflectors.add<Service>({ resource: SERVICES, keep: keptService, onChange: onService })
    reflectors.add<EndpointSlice>({
      resource: ENDPOINT_SLICES,
      keep: keptSlice,
      onChange: (key, now, before) => {
        const [owner, former] = [serviceOf(now), serviceOf(before)]
        if (former !== undefined && former !== owner) this.#setSlice(former, key, undefined)
        if (owner !== undefined) this.#setSlice(owner, key, now)
        for (const service of new Set([former, owner])) if (service !== undefined) onService(service)
      },
    })
    this.#nodes = reflectors.add<Node>({
      resource: NODES,
      keep: keptNode,
      onChange: (_, now, before) => {
        if (!isDeepStrictEqual(eligibilityOf(now), eligibilityOf(before))) onNodes()
      },
    })
    this.#speakers = reflectors.add<Pod>({
      resource: PODS,
      namespace,
      labelSelector: init.speakerLabels,
      keep: keptPod,
      onChange: (_, now, before) => {
        if (now?.spec?.nodeName !== before?.spec?.nodeName) onNodes()
        if (isReady(now) !== isReady(before)) onReadiness()
      },
    })
    this.#pools = reflectors.add<IPAddressPool>({
      resource: IP_ADDRESS_POOLS,
      namespace,
      onChange: (key, now, before) => {
        if (!isSameInput(now, before)) onPoolEdit()
        onInput(key, now, before)
      },
    })
    this.#advertisements = reflectors.add({ resource: L2_ADVERTISEMENTS, namespace, onChange: onInput })
    this.#namespaces = reflectors.add({ resource: NAMESPACES, onChange: onInput })
  }

  get services(): ReadonlyMap<string, Service> {
    return this.#services.objects
  }

  /** The endpoints of a Service. */
  slicesOf(service: string): readonly EndpointSlice[] {
    return this.#slicesOf.get(service) ?? []
  }

  get nodes(): readonly Node[] {
    return [...this.#nodes.objects.values()]
  }

  /** Names of the nodes that a speaker was placed on. */
  get speakers(): ReadonlySet<string> {
    return new Set([...this.#speakers.objects.values()].flatMap(({ spec }) => spec?.nodeName ?? []))
  }

  /** Names of those of them whose speaker is Ready. */
  get readySpeakers(): ReadonlySet<string> {
    const ready = [...this.#speakers.objects.values()].filter((pod) => isReady(pod))
    return new Set(ready.flatMap(({ spec }) => spec?.nodeName ?? []))
  }

  /** Drawn when the cluster was made; `undefined` as long as it is not known. */
  get clusterUid(): string | undefined {
    return this.#namespaces.objects.get('kube-system')?.metadata?.uid
  }

  get configurationObjects(): ConfigurationObjects {
    return {
      pools: [...this.#pools.objects.values()],
      advertisements: [...this.#advertisements.objects.values()],
      namespaces: [...this.#namespaces.objects.values()],
      reserved: [],
    }
  }

  /** Whether the API server answers. */
  get connected(): boolean {
    return this.#reflectors.connected
  }

  /** Whether everything has been read once. */
  get hasSynced(): boolean {
    return this.#reflectors.hasSynced
  }

  start(): void {
    this.#reflectors.start()
  }

  async stop(): Promise<void> {
    await this.#reflectors.stop()
  }

  /** Resolves when everything has been read once, or the copy was stopped. */
  synced(): Promise<void> {
    return this.#reflectors.synced()
  }

  #setSlice(service: string, key: string, slice: EndpointSlice | undefined): void {
    const others = this.slicesOf(service).filter((other) => keyOf(other) !== key)
    const slices = slice === undefined ? others : others.concat(slice)
    if (slices.length === 0) this.#slicesOf.delete(service)
    else this.#slicesOf.set(service, slices)
  }
}

function serviceOf(slice: EndpointSlice | undefined): string | undefined {
  const name = slice?.metadata?.labels?.[SERVICE_OF_SLICE]
  return name === undefined ? undefined : `${slice?.metadata?.namespace}/${name}`
}

/** A node's heartbeat comes every few seconds and changes nothing of it. */
function eligibilityOf(node: Node | undefined): unknown {
  return [node?.metadata?.labels, node?.spec?.taints, node?.status?.conditions?.map(({ status }) => status)]
}
