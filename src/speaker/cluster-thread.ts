// The speaker's main thread: tells the wire thread what this node may hold, and has the cluster told what it does hold.
// An API server that is away changes nothing of what is announced.

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Service } from '../api/index.ts'
import { clusterView, type ClusterView, interfacesOn } from '../candidates/index.ts'
import { type Configuration, POOLS_QUIET_MS, type Prospect, prospectsOf } from '../config/index.ts'
import type { ApiClient, ConfigurationStateWriter, Startable } from '../kube/index.ts'
import type { AnnouncedConditionWriter, WantedOfService } from './announced-condition.ts'
import { AskingServices } from './asking-services.ts'
import type { Checkpoint } from './checkpoint.ts'
import { ClusterCopy } from './cluster-copy.ts'
import { type AddressIntent, type Intents, NOTHING_REPORTED, type Report } from './intents.ts'
import { LastGood } from './last-good.ts'
import type { NoticedService, Notices } from './notices.ts'
import { type Speakers, wantedCondition } from './wanted-condition.ts'

/** Changes that come together are worked on together. */
const GATHER_MS = 10

/** So long the API server may take until a speaker that has just started makes do with what it knew before. */
const CHECKPOINT_AFTER_MS = 2000

/** Without contact for so long the intents are stale: others may know better. */
const STALE_MS = 30_000
const CONTACT_CHECK_MS = 1000

export interface ClusterThreadComponents {
  client: ApiClient
  log: Logger
  configurationState: ConfigurationStateWriter
  notices: Notices
  conditions: AnnouncedConditionWriter
  checkpoint: Checkpoint
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
  readonly #cluster: ClusterCopy
  readonly #asking: AskingServices
  readonly #lastGood = new LastGood()
  readonly #dirty = new Set<string>()
  /** `undefined`: it has to be read anew. */
  #configuration: Configuration | undefined
  /** `undefined`: it has to be made anew. */
  #view: ClusterView | undefined
  #gathering: NodeJS.Timeout | undefined
  /** As they were sent last. */
  #addresses: readonly AddressIntent[] | undefined
  #prospects: readonly Prospect[] = []
  /** While it runs, more pools may come, go or be edited. */
  #settling: NodeJS.Timeout | undefined
  #checkpointing: NodeJS.Timeout | undefined
  #checking: NodeJS.Timeout | undefined
  #contactAt = performance.now()
  #isStale = false
  #report: Report = NOTHING_REPORTED
  #speakers: Speakers = { ready: new Set(), heard: new Set() }

  constructor(components: ClusterThreadComponents, init: ClusterThreadInit) {
    this.#components = components
    this.#init = init
    this.#asking = new AskingServices(components, init)
    this.#cluster = new ClusterCopy(components, {
      namespace: init.namespace,
      speakerLabels: init.speakerLabels,
      onService: (key) => this.#changed(key),
      onNodes: () => this.#allChanged(),
      onReadiness: () => this.#noteSpeakers(),
      onConfiguration: () => this.#reconfigure(),
      onPoolEdit: () => this.#settlePools(),
    })
  }

  /** Whether everything was read once; nothing is sent to the wire thread before. */
  get hasSynced(): boolean {
    return this.#cluster.hasSynced
  }

  start(): void {
    this.#cluster.start()
    this.#checkpointing = setTimeout(() => this.#useCheckpoint(), CHECKPOINT_AFTER_MS)
    this.#checking = setInterval(() => this.#checkContact(), CONTACT_CHECK_MS)
    void this.#cluster.synced().then(() => {
      this.#noteSpeakers()
      this.#allChanged()
    })
  }

  async stop(): Promise<void> {
    for (const timer of [this.#gathering, this.#settling, this.#checkpointing, this.#checking])
      clearTimeout(timer)
    await this.#cluster.stop()
  }

  /** Keys of the Services that some node may announce, by address as text. */
  servicesByAddress(): ReadonlyMap<string, readonly string[]> {
    return this.#asking.combined.keysByAddress()
  }

  /** Whether an object of the configuration is refused. */
  get configurationRefused(): boolean {
    return (this.#configuration?.refusals.length ?? 0) > 0
  }

  /** What the wire thread does now. */
  onReport(report: Report): void {
    this.#report = report
    const { combined } = this.#asking
    const news = this.#components.notices.take(report)
    this.#notify(new Set(news.flatMap((ip) => combined.keysAt(ip))))
    this.#noteSpeakers()
  }

  /** A Service as it was read last, and what its condition should say. */
  wantedCondition(key: string, isNews: boolean): WantedOfService | undefined {
    const service = this.#cluster.services.get(key)
    if (service === undefined) return undefined
    const condition = wantedCondition(this.#init.node, this.#speakers, {
      service,
      isOurs: this.#isOurs(service),
      intent: this.#asking.get(key)?.intent,
      standing: this.#components.notices.standing(key),
      isNews,
    })
    return { service, condition }
  }

  /** Of a speaker that is no more the others take away what it said. */
  #noteSpeakers(): void {
    if (!this.hasSynced) return
    const peers = this.#report.segments.flatMap((segment) => segment.peers)
    const speakers = { ready: this.#cluster.readySpeakers, heard: new Set(peers.map(({ node }) => node)) }
    if (isDeepStrictEqual(speakers, this.#speakers)) return
    this.#speakers = speakers
    if (this.#addresses === undefined) return // all are looked at when everything has been read
    for (const key of this.#cluster.services.keys()) this.#components.conditions.look(key)
  }

  #useCheckpoint(): void {
    const intents = this.hasSynced ? undefined : this.#components.checkpoint.read()
    if (intents === undefined) return
    const count = intents.addresses.length
    this.#components.log.warn({ addresses: count }, 'the API server is away: going by the checkpoint')
    this.#components.sendIntents(intents)
  }

  #checkContact(): void {
    const now = performance.now()
    if (this.#cluster.connected) this.#contactAt = now
    const isStale = now - this.#contactAt > STALE_MS
    if (isStale === this.#isStale) return
    this.#isStale = isStale
    this.#send()
  }

  /** Of these Services there may be something to tell. */
  #notify(keys: Iterable<string>): void {
    const { notices } = this.#components
    for (const key of keys) {
      const noticed = this.#noticed(key)
      if (noticed === undefined) notices.forget(key)
      else notices.look(noticed)
    }
    const { services } = this.#cluster
    notices.bury((ip) =>
      this.#asking.combined.keysAt(ip).flatMap((key) => services.get(key)?.metadata?.uid ?? []),
    )
  }

  #noticed(key: string): NoticedService | undefined {
    const service = this.#cluster.services.get(key)
    const intent = this.#asking.get(key)?.intent
    if (service === undefined || intent === undefined) return undefined
    const interfaces = interfacesOn(this.#init.node, intent)
    const isFirst = intent.candidates[0]?.node === this.#init.node
    return { key, service, ips: intent.ips, interfaces, isFirst }
  }

  /** Until it is clear which pools there are, an address that none of them has stays announced. */
  #settlePools(): void {
    if (!this.hasSynced) return
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.#settling = undefined
      this.#reconfigure()
    }, POOLS_QUIET_MS)
  }

  #reconfigure(): void {
    this.#configuration = undefined
    this.#allChanged()
  }

  #allChanged(): void {
    this.#view = undefined
    for (const key of this.#cluster.services.keys()) this.#dirty.add(key)
    this.#gather()
  }

  #changed(service: string): void {
    this.#dirty.add(service)
    this.#gather()
  }

  #gather(): void {
    if (this.hasSynced) this.#gathering ??= setTimeout(() => this.#recompute(), GATHER_MS)
  }

  #recompute(): void {
    this.#gathering = undefined
    const view = (this.#view ??= this.#makeView())
    const changed = [...this.#dirty].filter((key) => this.#recomputeService(key, view))
    for (const key of this.#dirty) this.#components.conditions.look(key)
    this.#dirty.clear()
    const prospects = this.#prospectsIn(view)
    const sameProspects = isDeepStrictEqual(prospects, this.#prospects)
    if (changed.length > 0) this.#notify(changed)
    const addresses = this.#asking.combined.all
    // Endpoints come and go all the time, and hardly ever change who may hold what.
    if (sameProspects && addresses === this.#addresses) return
    this.#addresses = addresses
    this.#prospects = prospects
    this.#send()
  }

  #send(): void {
    if (this.#addresses === undefined) return
    const intents = {
      node: this.#init.node,
      cluster: clusterId(this.#cluster.clusterUid ?? ''),
      isStale: this.#isStale,
      addresses: this.#addresses,
      prospects: this.#prospects,
    }
    this.#components.sendIntents(intents)
    if (!this.#isStale) this.#components.checkpoint.keep(intents)
  }

  #makeView(): ClusterView {
    this.#configuration ??= this.#readConfiguration()
    return clusterView({
      configuration: this.#configuration,
      nodes: this.#cluster.nodes,
      speakers: this.#cluster.speakers,
      ignoreExcludeLabel: this.#init.ignoreExcludeLabel,
    })
  }

  #prospectsIn({ configuration, eligible, nodes }: ClusterView): readonly Prospect[] {
    const own = nodes.find(({ name }) => name === this.#init.node)
    return own !== undefined && eligible.has(own.name) ? prospectsOf(configuration, own.labels) : []
  }

  #readConfiguration(): Configuration {
    const configuration = this.#lastGood.read(this.#cluster.configurationObjects)
    this.#components.configurationState.report(configuration.refusals)
    return { ...configuration, incomplete: this.#settling !== undefined }
  }

  /** Whether it asks for anything else than before. */
  #recomputeService(key: string, view: ClusterView): boolean {
    const service = this.#cluster.services.get(key)
    const ours = service !== undefined && this.#isOurs(service) ? service : undefined
    return this.#asking.update(key, ours, this.#cluster.slicesOf(key), view)
  }

  #isOurs({ spec }: Service): boolean {
    return (spec?.loadBalancerClass ?? '') === this.#init.loadBalancerClass
  }
}

/** The same for all speakers of a cluster, and for no other's. */
function clusterId(uid: string): string {
  return createHash('sha256').update(`typemetal cluster ${uid}`).digest('hex').slice(0, 16)
}
