// The speaker's main thread: watches the cluster, tells the wire thread what this node may hold, and shows in the
// cluster what it does hold. An API server that is away changes nothing of what is announced.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type {
  EndpointSlice,
  IPAddressPool,
  KubeObject,
  L2Advertisement,
  Namespace,
  Node,
  Pod,
  Service,
} from '../api/index.ts'
import { type Configuration, readConfiguration } from '../config/index.ts'
import { formatAddress } from '../ip/index.ts'
import {
  type ApiClient,
  type ConfigurationStateWriter,
  ENDPOINT_SLICES,
  type EventRecorder,
  IP_ADDRESS_POOLS,
  isSameInput,
  keyOf,
  L2_ADVERTISEMENTS,
  NAMESPACES,
  NODES,
  PODS,
  Reflector,
  type Resource,
  SERVICES,
  type Startable,
} from '../kube/index.ts'
import { combineIntents } from './combine.ts'
import type { Intents, Report } from './intents.ts'
import {
  clusterView,
  type ClusterView,
  type ServiceIntent,
  serviceIntent,
  type Withheld,
} from './service-intent.ts'
import type { ServiceStatusWriter } from './service-status.ts'

/** Changes that come together are worked on together. */
const GATHER_MS = 10

const SERVICE_OF_SLICE = 'kubernetes.io/service-name'

export interface ClusterThreadComponents {
  client: ApiClient
  log: Logger
  events: EventRecorder
  configurationState: ConfigurationStateWriter
  statuses: ServiceStatusWriter
  /** Leads to the wire thread. */
  sendIntents: (intents: Intents) => void
}

export interface ClusterThreadInit {
  namespace: string
  node: string
  /** Services of other classes are somebody else's; empty: those without a class are ours. */
  loadBalancerClass: string
  ignoreExcludeLabel: boolean
  /** Selects the speakers' pods. */
  speakerLabels: string
}

export class ClusterThread implements Startable {
  readonly #components: ClusterThreadComponents
  readonly #init: ClusterThreadInit
  readonly #services: Reflector<Service>
  readonly #slices: Reflector<EndpointSlice>
  readonly #nodes: Reflector<Node>
  readonly #speakers: Reflector<Pod>
  readonly #pools: Reflector<IPAddressPool>
  readonly #advertisements: Reflector<L2Advertisement>
  readonly #namespaces: Reflector<Namespace>
  readonly #slicesOf = new Map<string, Map<string, EndpointSlice>>()
  readonly #intents = new Map<string, ServiceIntent | Withheld>()
  readonly #dirty = new Set<string>()
  #configuration: Configuration | undefined
  #configurationIsOld = true
  #gathering: NodeJS.Timeout | undefined
  #sent: Intents | undefined
  /** Addresses, as text. */
  #held: ReadonlySet<string> = new Set()
  #announced: ReadonlySet<string> = new Set()
  #hasSynced = false

  constructor(components: ClusterThreadComponents, init: ClusterThreadInit) {
    this.#components = components
    this.#init = init
    const { namespace } = init
    this.#services = this.#reflect(SERVICES, {}, (key) => this.#changed(key))
    this.#slices = this.#reflect(ENDPOINT_SLICES, {}, (key, now, before) =>
      this.#onSlice(key, now ?? before, now),
    )
    this.#nodes = this.#reflect(NODES, {}, (_, now, before) => this.#onNode(now, before))
    const speakers = { namespace, labelSelector: init.speakerLabels }
    this.#speakers = this.#reflect(PODS, speakers, (_, now, before) => {
      if (readyNode(now) !== readyNode(before)) this.#allChanged()
    })
    const configuration = (_: string, now?: KubeObject, before?: KubeObject): void => {
      if (isSameInput(now, before)) return
      this.#configurationIsOld = true
      this.#allChanged()
    }
    this.#pools = this.#reflect(IP_ADDRESS_POOLS, { namespace }, configuration)
    this.#advertisements = this.#reflect(L2_ADVERTISEMENTS, { namespace }, configuration)
    this.#namespaces = this.#reflect(NAMESPACES, {}, configuration)
  }

  #reflect<T extends KubeObject>(
    resource: Resource<T>,
    scope: { namespace?: string; labelSelector?: string },
    onChange: (key: string, now: T | undefined, before: T | undefined) => void,
  ): Reflector<T> {
    const { client, log } = this.#components
    return new Reflector<T>({ client, log }, { resource, ...scope, onChange })
  }

  get #reflectors(): readonly Pick<Reflector<KubeObject>, 'start' | 'stop' | 'synced' | 'hasSynced'>[] {
    return [
      this.#services,
      this.#slices,
      this.#nodes,
      this.#speakers,
      this.#pools,
      this.#advertisements,
      this.#namespaces,
    ]
  }

  /** Whether everything was read once; nothing is sent to the wire thread before. */
  get hasSynced(): boolean {
    return this.#hasSynced
  }

  start(): void {
    for (const reflector of this.#reflectors) reflector.start()
    void Promise.all(this.#reflectors.map(({ synced }) => synced)).then(() => {
      if (!this.#reflectors.every(({ hasSynced }) => hasSynced)) return // stopped before
      this.#hasSynced = true
      this.#allChanged()
    })
  }

  async stop(): Promise<void> {
    clearTimeout(this.#gathering)
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()))
  }

  /** Keys of the Services that have an address, by the address as text. */
  servicesByAddress(): ReadonlyMap<string, readonly string[]> {
    const services = new Map<string, string[]>()
    for (const [key, intent] of this.#intents) {
      if (typeof intent === 'string') continue
      for (const address of intent.addresses.map(formatAddress)) {
        services.set(address, [...(services.get(address) ?? []), key])
      }
    }
    return services
  }

  /** Whether an object of the configuration is refused. */
  get configurationRefused(): boolean {
    return (this.#configuration?.refusals.length ?? 0) > 0
  }

  /** What the wire thread holds now. */
  onReport({ held }: Report): void {
    this.#held = new Set(held.map(({ address }) => formatAddress(address)))
    this.#show()
  }

  /** Shows what is announced here as statuses and, where it is new, as events. */
  #show(): void {
    const announced = [...this.#intents].flatMap(([key, intent]) => {
      const service = this.#services.objects.get(key)
      if (service === undefined || typeof intent === 'string') return []
      if (!intent.addresses.some((address) => this.#held.has(formatAddress(address)))) return []
      return [{ key, service, interfaces: intent.interfacesOf.get(this.#init.node) ?? null }]
    })
    this.#components.statuses.show(announced)
    for (const { key, service } of announced) if (!this.#announced.has(key)) this.#tell(service)
    this.#announced = new Set(announced.map(({ key }) => key))
  }

  #tell(service: Service): void {
    this.#components.events.record({
      object: service,
      type: 'Normal',
      reason: 'nodeAssigned',
      message: `announcing from node "${this.#init.node}" with protocol "layer2"`,
    })
  }

  #onSlice(key: string, slice: EndpointSlice | undefined, now: EndpointSlice | undefined): void {
    const name = slice?.metadata?.labels?.[SERVICE_OF_SLICE]
    if (name === undefined) return
    const service = `${slice?.metadata?.namespace}/${name}`
    const slices = this.#slicesOf.get(service) ?? new Map<string, EndpointSlice>()
    if (now === undefined) slices.delete(key)
    else slices.set(key, now)
    if (slices.size === 0) this.#slicesOf.delete(service)
    else this.#slicesOf.set(service, slices)
    this.#changed(service)
  }

  /** A node's heartbeat comes every few seconds and changes nothing for us. */
  #onNode(now: Node | undefined, before: Node | undefined): void {
    const matters = (node: Node | undefined): string =>
      JSON.stringify([
        node?.metadata?.labels,
        node?.status?.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.status,
      ])
    if (now === undefined || before === undefined || matters(now) !== matters(before)) this.#allChanged()
  }

  #allChanged(): void {
    for (const key of this.#services.objects.keys()) this.#dirty.add(key)
    this.#gather()
  }

  #changed(service: string): void {
    this.#dirty.add(service)
    this.#gather()
  }

  #gather(): void {
    if (this.#hasSynced) this.#gathering ??= setTimeout(() => this.#recompute(), GATHER_MS)
  }

  #recompute(): void {
    this.#gathering = undefined
    if (this.#configurationIsOld) this.#readConfiguration()
    const view = this.#view()
    if (view !== undefined) for (const key of this.#dirty) this.#recomputeService(key, view)
    this.#dirty.clear()
    const asking = [...this.#intents].flatMap(([key, intent]) => {
      const created = this.#services.objects.get(key)?.metadata?.creationTimestamp ?? ''
      return typeof intent === 'string' ? [] : [{ key, created, intent }]
    })
    this.#show()
    const intents = combineIntents(this.#init.node, asking)
    // Endpoints come and go all the time, and hardly ever change who may hold what.
    if (isDeepStrictEqual(intents, this.#sent)) return
    this.#sent = intents
    this.#components.sendIntents(intents)
  }

  #readConfiguration(): void {
    this.#configurationIsOld = false
    this.#configuration = readConfiguration({
      pools: [...this.#pools.objects.values()],
      advertisements: [...this.#advertisements.objects.values()],
      namespaces: [...this.#namespaces.objects.values()],
      reserved: [],
    })
    this.#components.configurationState.report(this.#configuration.refusals.map(({ message }) => message))
  }

  #view(): ClusterView | undefined {
    if (this.#configuration === undefined) return undefined
    return clusterView({
      configuration: this.#configuration,
      nodes: [...this.#nodes.objects.values()],
      speakers: new Set([...this.#speakers.objects.values()].flatMap((pod) => readyNode(pod) ?? [])),
      ignoreExcludeLabel: this.#init.ignoreExcludeLabel,
    })
  }

  #recomputeService(key: string, view: ClusterView): void {
    const service = this.#services.objects.get(key)
    if (service === undefined || !this.#isOurs(service)) {
      this.#intents.delete(key)
      return
    }
    const intent = serviceIntent(service, [...(this.#slicesOf.get(key)?.values() ?? [])], view)
    const before = this.#intents.get(key)
    if (typeof intent === 'string' && intent !== before && intent !== 'notLoadBalancer') {
      this.#components.log.info({ service: keyOf(service), reason: intent }, 'not announced by any node')
    }
    this.#intents.set(key, intent)
  }

  #isOurs({ spec }: Service): boolean {
    return (spec?.loadBalancerClass ?? '') === this.#init.loadBalancerClass
  }
}

/** The node of a speaker that is Ready. */
function readyNode(pod: Pod | undefined): string | undefined {
  const ready = pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return ready ? pod?.spec?.nodeName : undefined
}
