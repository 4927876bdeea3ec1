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
import type { Configuration } from '../config/index.ts'
import {
  type ApiClient,
  type ConfigurationStateWriter,
  ENDPOINT_SLICES,
  IP_ADDRESS_POOLS,
  isSameInput,
  keyOf,
  L2_ADVERTISEMENTS,
  NAMESPACES,
  NODES,
  PODS,
  Reflector,
  type ReflectorInit,
  type Resource,
  SERVICES,
  type Startable,
} from '../kube/index.ts'
import type { AnnouncedConditionWriter, WantedCondition } from './announced-condition.ts'
import { type AskingService, combineIntents } from './combine.ts'
import type { Intents, Report } from './intents.ts'
import { keptNode, keptPod, keptService, keptSlice, SERVICE_OF_SLICE } from './kept.ts'
import { LastGood } from './last-good.ts'
import type { Notices } from './notices.ts'
import { clusterView, type ClusterView, serviceIntent, type Withheld } from './service-intent.ts'
import { findingOf } from './standing.ts'

/** Changes that come together are worked on together. */
const GATHER_MS = 10

export interface ClusterThreadComponents {
  client: ApiClient
  log: Logger
  configurationState: ConfigurationStateWriter
  notices: Notices
  conditions: AnnouncedConditionWriter
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
  readonly #lastGood = new LastGood()
  readonly #asking = new Map<string, AskingService>()
  readonly #withheld = new Map<string, Withheld>()
  readonly #dirty = new Set<string>()
  #configuration: Configuration | undefined
  /** `undefined`: it has to be made anew. */
  #view: ClusterView | undefined
  #gathering: NodeJS.Timeout | undefined
  #sent: Intents | undefined
  #report: Report = { held: [], unplaced: [], conflicts: [] }
  #hasSynced = false

  constructor(components: ClusterThreadComponents, init: ClusterThreadInit) {
    this.#components = components
    this.#init = init
    const { namespace } = init
    this.#services = this.#reflect(SERVICES, { keep: keptService }, (key) => this.#changed(key))
    this.#slices = this.#reflect(ENDPOINT_SLICES, { keep: keptSlice }, (key, now, before) =>
      this.#onSlice(key, now ?? before, now),
    )
    this.#nodes = this.#reflect(NODES, { keep: keptNode }, (_, now, before) => this.#onNode(now, before))
    const speakers = { namespace, labelSelector: init.speakerLabels, keep: keptPod }
    this.#speakers = this.#reflect(PODS, speakers, (_, now, before) => {
      if (readyNode(now) !== readyNode(before)) this.#allChanged()
    })
    const configuration = (_: string, now?: KubeObject, before?: KubeObject): void => {
      if (isSameInput(now, before)) return
      this.#configuration = undefined
      this.#allChanged()
    }
    this.#pools = this.#reflect(IP_ADDRESS_POOLS, { namespace }, configuration)
    this.#advertisements = this.#reflect(L2_ADVERTISEMENTS, { namespace }, configuration)
    this.#namespaces = this.#reflect(NAMESPACES, {}, configuration)
  }

  #reflect<T extends KubeObject>(
    resource: Resource<T>,
    scope: Pick<ReflectorInit<T>, 'namespace' | 'labelSelector' | 'keep'>,
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

  /** Keys of the Services that some node may announce, by address as text. */
  servicesByAddress(): ReadonlyMap<string, readonly string[]> {
    const services = new Map<string, string[]>()
    for (const { key, intent } of this.#asking.values()) {
      for (const ip of intent.ips) services.set(ip, [...(services.get(ip) ?? []), key])
    }
    return services
  }

  /** Whether an object of the configuration is refused. */
  get configurationRefused(): boolean {
    return (this.#configuration?.refusals.length ?? 0) > 0
  }

  /** What the wire thread does now. */
  onReport(report: Report): void {
    this.#report = report
    this.#notify()
  }

  #notify(): void {
    const services = [...this.#asking.values()].flatMap(({ key, intent }) => {
      const service = this.#services.objects.get(key)
      const interfaces = intent.interfacesOf.get(this.#init.node) ?? null
      return service === undefined ? [] : [{ key, service, ips: intent.ips, interfaces }]
    })
    this.#components.notices.update(this.#report, services)
  }

  /** What the condition of a Service should say, as far as this node has a say in it. */
  wantedCondition(key: string): { service: Service; condition: WantedCondition } | undefined {
    const service = this.#services.objects.get(key)
    return service && { service, condition: this.#wantedConditionOf(key, service) }
  }

  #wantedConditionOf(key: string, service: Service): WantedCondition {
    const asking = this.#asking.get(key)
    if (asking === undefined) return this.#mayClean(service) ? 'absent' : 'asItIs'
    const standing = this.#components.notices.standing(key)
    const isKnown = standing.length > 0 && standing.length === asking.intent.ips.length
    return isKnown ? findingOf(this.#init.node, standing) : 'asItIs'
  }

  /** Of a Service that nobody announces any more the first of the speakers takes the condition away. */
  #mayClean(service: Service): boolean {
    const [first] = [...(this.#view?.speakers ?? [])].sort()
    return first === this.#init.node && (this.#isOurs(service) || service.spec?.type !== 'LoadBalancer')
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
    const matters = (node: Node | undefined): unknown => [
      node?.metadata?.labels,
      node?.spec?.taints,
      node?.status?.conditions?.map(({ status }) => status),
    ]
    if (!isDeepStrictEqual(matters(now), matters(before))) this.#allChanged()
  }

  #allChanged(): void {
    this.#view = undefined
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
    const view = (this.#view ??= this.#makeView())
    const changed = [...this.#dirty].filter((key) => this.#recomputeService(key, view))
    for (const key of this.#dirty) this.#components.conditions.look(key)
    this.#dirty.clear()
    if (changed.length === 0 && this.#sent !== undefined) return
    this.#notify()
    const intents = combineIntents(this.#init.node, this.#asking.values())
    // Endpoints come and go all the time, and hardly ever change who may hold what.
    if (isDeepStrictEqual(intents, this.#sent)) return
    this.#sent = intents
    this.#components.sendIntents(intents)
  }

  #makeView(): ClusterView {
    this.#configuration ??= this.#readConfiguration()
    return clusterView({
      configuration: this.#configuration,
      nodes: [...this.#nodes.objects.values()],
      speakers: new Set([...this.#speakers.objects.values()].flatMap((pod) => readyNode(pod) ?? [])),
      ignoreExcludeLabel: this.#init.ignoreExcludeLabel,
    })
  }

  #readConfiguration(): Configuration {
    const configuration = this.#lastGood.read({
      pools: [...this.#pools.objects.values()],
      advertisements: [...this.#advertisements.objects.values()],
      namespaces: [...this.#namespaces.objects.values()],
      reserved: [],
    })
    this.#components.configurationState.report(configuration.refusals.map(({ message }) => message))
    return configuration
  }

  /** Whether anything of what the Service asks for is other than before. */
  #recomputeService(key: string, view: ClusterView): boolean {
    const before = this.#asking.get(key)
    const asking = this.#askingOf(key, view)
    if (asking === undefined) return this.#asking.delete(key)
    this.#asking.set(key, asking)
    return !isDeepStrictEqual(asking, before)
  }

  #askingOf(key: string, view: ClusterView): AskingService | undefined {
    const service = this.#services.objects.get(key)
    if (service === undefined || !this.#isOurs(service)) {
      this.#withheld.delete(key)
      return undefined
    }
    const intent = serviceIntent(service, [...(this.#slicesOf.get(key)?.values() ?? [])], view)
    if (typeof intent === 'string') {
      this.#withhold(service, key, intent)
      return undefined
    }
    this.#withheld.delete(key)
    return { key, created: service.metadata?.creationTimestamp ?? '', intent }
  }

  #withhold(service: Service, key: string, reason: Withheld): void {
    if (this.#withheld.get(key) === reason) return
    this.#withheld.set(key, reason)
    if (reason === 'notLoadBalancer') return
    this.#components.log.info({ service: keyOf(service), reason }, 'not announced by any node')
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
