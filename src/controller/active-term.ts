// What the active replica does: asks the allocator and carries out what it decides. Begins with its term and ends with it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import {
  advance,
  type AllocatorState,
  configure,
  createState,
  forget,
  poolReports,
  reconcileService,
  registerAll,
} from '../allocator/index.ts'
import type { IPAddressPool, Service } from '../api/index.ts'
import { type Configuration, POOLS_QUIET_MS, readConfiguration } from '../config/index.ts'
import {
  type ApiClient,
  type ConfigurationStateWriter,
  type EventRecorder,
  type Startable,
  type Term,
  WorkQueue,
} from '../kube/index.ts'
import type { ClusterCopy } from './cluster-copy.ts'
import type { ControllerMetrics } from './metrics.ts'
import { HelloSecret } from './hello-secret.ts'
import { PoolStatusWriter } from './pool-status.ts'
import { ServiceWriter } from './service-writer.ts'

/** Changes of pools and namespaces that come together are worked on together. */
const GATHER_MS = 10
/** How often the allocator is told the time. */
const ADVANCE_MS = 10_000

export interface ActiveTermComponents {
  client: ApiClient
  log: Logger
  events: EventRecorder
  configurationState: ConfigurationStateWriter
  metrics: ControllerMetrics
  /** Complete, and no older than the beginning of the term. */
  cluster: ClusterCopy
  term: Term
  /** Milliseconds; never goes back. */
  clock: () => number
}

export interface ActiveTermInit {
  namespace: string
  /** Services of other classes are somebody else's; `null`: those without a class are ours. */
  loadBalancerClass: string | null
  /** Of the Secret that is made for the speakers; `null`: none is. */
  secretName: string | null
  /** Services worked on at the same time. */
  concurrency: number
}

export class ActiveTerm implements Startable {
  readonly state: AllocatorState
  readonly #components: ActiveTermComponents
  readonly #writer: ServiceWriter
  readonly #queue: WorkQueue
  readonly #poolStatus: PoolStatusWriter
  readonly #helloSecret: HelloSecret | undefined
  /** Until the configuration is no longer older than what is known. */
  #gathering: Promise<void> | undefined
  #stopped = false
  /** While it runs, more pools may come, go or be edited. */
  #settling: NodeJS.Timeout | undefined
  #ticking: NodeJS.Timeout | undefined

  constructor(components: ActiveTermComponents, init: ActiveTermInit) {
    this.#components = components
    this.#writer = new ServiceWriter(components)
    this.state = createState(this.#readConfiguration(true), init.loadBalancerClass)
    this.#queue = new WorkQueue({
      log: components.log,
      fieldsOf: (service) => ({ service }),
      concurrency: init.concurrency,
      handler: (key) => this.#reconcile(key),
      onHandled: (seconds) => components.metrics.reconciles.observe(seconds),
    })
    this.#poolStatus = new PoolStatusWriter(components, {
      namespace: init.namespace,
      pools: () => components.cluster.pools,
      reports: () => poolReports(this.state),
    })
    const { namespace, secretName: name } = init
    if (name !== null) this.#helloSecret = new HelloSecret(components, { namespace, name })
  }

  get queueDepth(): number {
    return this.#queue.size
  }

  /** First everything that is assigned, then everybody that waits, the oldest first. */
  start(): void {
    const { cluster, log, clock } = this.#components
    this.onPoolEdit()
    advance(this.state, clock())
    this.#add(registerAll(this.state, cluster.services.values()))
    log.info({ services: cluster.services.size, pools: cluster.pools.size }, 'all assignments known')
    this.#queue.start()
    this.#poolStatus.start()
    this.#poolStatus.changed()
    this.#helloSecret?.start()
    this.#ticking = setInterval(() => {
      advance(this.state, clock())
      this.#writer.forgetOld()
    }, ADVANCE_MS)
  }

  /** Waits for what is being written; after the end of the term that is nothing. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#settling)
    clearInterval(this.#ticking)
    this.#components.configurationState.withdraw()
    await Promise.all([this.#queue.stop(), this.#poolStatus.stop(), this.#helloSecret?.stop()])
  }

  onService(key: string, service: Service | undefined): void {
    this.#writer.seen(key)
    if (service !== undefined) return this.#queue.add(key)
    this.#add(forget(this.state, key))
    this.#poolStatus.changed()
  }

  onConfiguration(): void {
    this.#gathering ??= sleep(GATHER_MS).then(() => {
      this.#gathering = undefined
      if (!this.#stopped) this.#configure()
    })
  }

  /** A pool has come, gone or been edited. */
  onPoolEdit(): void {
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.#settling = undefined
      this.#configure()
    }, POOLS_QUIET_MS)
  }

  onPool(pool: IPAddressPool): void {
    this.#poolStatus.seen(pool)
  }

  #configure(): void {
    this.#add(configure(this.state, this.#readConfiguration(this.#settling !== undefined)))
    this.#poolStatus.changed()
  }

  /** `incomplete`: see `Configuration`. */
  #readConfiguration(incomplete: boolean): Configuration {
    const { cluster, configurationState } = this.#components
    const configuration = readConfiguration(cluster.configurationObjects)
    configurationState.report(configuration.refusals)
    return { ...configuration, incomplete }
  }

  #add(keys: readonly string[]): void {
    for (const key of keys) this.#queue.add(key)
  }

  async #reconcile(key: string): Promise<void> {
    const { cluster, term } = this.#components
    // A Namespace and a Service in it, a drain and a new Service: applied together they come in this order.
    while (this.#gathering !== undefined) await this.#gathering
    const shown = cluster.services.get(key)
    if (shown === undefined || term.isOver || this.#stopped) return
    const service = this.#writer.latest(key, shown)
    const decision = reconcileService(this.state, service)
    this.#add(decision.wake)
    this.#poolStatus.changed()
    try {
      const againMs = await this.#writer.write(service, decision)
      if (againMs > 0) this.#queue.addAfter(key, againMs)
    } catch (error) {
      if (!term.isOver) throw error // else it is the next one's
    }
  }
}
