// One replica of the controller: keeps its copy of the cluster warm, and is active while it has the lease.

import type { Logger } from 'pino'
import {
  type AllocatorState,
  createState,
  type PoolUsage,
  poolUsage,
  registerAll,
  servicesByPool,
} from '../allocator/index.ts'
import type { IPAddressPool, Service } from '../api/index.ts'
import { readConfiguration } from '../config/index.ts'
import {
  type ApiClient,
  type ConfigurationStateWriter,
  type EventRecorder,
  isSameInput,
  type Startable,
  type Term,
} from '../kube/index.ts'
import { ActiveTerm, type ActiveTermInit } from './active-term.ts'
import { ClusterCopy } from './cluster-copy.ts'
import type { ControllerMetrics } from './metrics.ts'
import { Overview } from './overview.ts'

/** A replica that stands by works out what it shows at most so often. */
const GLANCE_MS = 1000

export interface ControllerComponents {
  client: ApiClient
  log: Logger
  events: EventRecorder
  configurationState: ConfigurationStateWriter
  metrics: ControllerMetrics
  /** Milliseconds; never goes back. */
  clock: () => number
}

export interface ControllerInit extends ActiveTermInit {
  /** Selects the speakers' pods. */
  speakerLabels: string
}

/** What is known, for the status API. */
export interface ControllerView {
  state: AllocatorState | undefined
  services: ReadonlyMap<string, Service>
  /** By name. */
  pools: ReadonlyMap<string, IPAddressPool>
  /** Where nodes, speakers and advertisements are read. */
  cluster: ClusterCopy
  overview: Overview
}

export class Controller implements Startable {
  readonly #components: ControllerComponents
  readonly #init: ControllerInit
  readonly #cluster: ClusterCopy
  readonly #overview = new Overview()
  #started = false
  #stopped = false
  #active: ActiveTerm | undefined
  #glance: { state: AllocatorState; at: number; revision: number } | undefined
  #lookingAgain: NodeJS.Timeout | undefined

  constructor(components: ControllerComponents, init: ControllerInit) {
    this.#components = components
    this.#init = init
    this.#cluster = new ClusterCopy(components, {
      namespace: init.namespace,
      speakerLabels: init.speakerLabels,
      onService: (key, service, before) => {
        this.#active?.onService(key, service)
        this.#overview.onService(key, service, before, this.#cluster.isLive)
      },
      onConfiguration: () => this.#active?.onConfiguration(),
      onPool: (name, pool, before) => {
        if (!isSameInput(pool, before)) this.#active?.onPoolEdit()
        if (pool !== undefined) this.#active?.onPool(pool)
        this.#overview.onPool(name)
      },
      onStatus: (key, now, before) => this.#overview.onStatus(key, now, before, this.#cluster.isLive),
      onCandidates: (node) => this.#overview.onCandidates(node),
    })
  }

  get view(): ControllerView {
    const { services, poolsByName: pools } = this.#cluster
    const state = this.#active?.state ?? this.#standbyState()
    return { state, services, pools, cluster: this.#cluster, overview: this.#overview }
  }

  /** Of the accepted pools; none while another replica is active, which tells its own. */
  get usage(): ReadonlyMap<string, PoolUsage> {
    return this.#active === undefined ? new Map() : poolUsage(this.#active.state)
  }

  /** How many Services have an address of a pool, by its name; none while another replica is active. */
  get servicesByPool(): ReadonlyMap<string, number> {
    return this.#active === undefined ? new Map() : servicesByPool(this.#active.state)
  }

  get queueDepth(): number {
    return this.#active?.queueDepth ?? 0
  }

  get configurationRefused(): boolean {
    return (this.#active?.state.configuration.refusals.length ?? 0) > 0
  }

  /** Whether everything has been read once: it could be active now. */
  get hasSynced(): boolean {
    return this.#cluster.hasSynced
  }

  start(): void {
    this.#started = true
    this.#cluster.start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#lookingAgain)
    await this.#active?.stop()
    this.#active = undefined
    await this.#cluster.stop()
  }

  /**
   * This replica is the active one. It begins when its copy of the cluster is no older than that: the one before it may
   * have written until now.
   */
  async begin(term: Term): Promise<void> {
    await (this.#started ? this.#cluster.reread() : this.#cluster.synced())
    if (this.#stopped || term.isOver) return
    const active = new ActiveTerm({ ...this.#components, cluster: this.#cluster, term }, this.#init)
    this.#active = active
    this.#glance = undefined
    term.signal.addEventListener('abort', () => this.#end(active), { once: true })
    active.start()
  }

  /** Nothing is left to wait for: what was being written is broken off. */
  #end(active: ActiveTerm): void {
    if (this.#active === active) this.#active = undefined
    void active.stop()
  }

  /** As a replica that stands by would begin; it has decided nothing, so that it can say of nobody why he waits. */
  #standbyState(): AllocatorState | undefined {
    if (!this.hasSynced) return undefined
    const now = this.#components.clock()
    const { revision } = this.#overview.changes
    if (this.#glance !== undefined && now - this.#glance.at < GLANCE_MS) {
      if (this.#glance.revision < revision) this.#lookAgain(this.#glance.revision)
      return this.#glance.state
    }
    const configuration = readConfiguration(this.#cluster.configurationObjects)
    const state = createState(configuration, this.#init.loadBalancerClass)
    registerAll(state, this.#cluster.services.values())
    this.#glance = { state, at: now, revision }
    return state
  }

  /** What changed after that is shown as it was before: whoever follows the changes is told again when it is not. */
  #lookAgain(revision: number): void {
    this.#lookingAgain ??= setTimeout(() => {
      this.#lookingAgain = undefined
      this.#overview.changes.markAgain(revision)
    }, GLANCE_MS).unref()
  }
}
