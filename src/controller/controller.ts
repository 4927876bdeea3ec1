// Gives Services their addresses: watches, asks the allocator, writes what it decides. Decides nothing itself.

import type { Logger } from 'pino'
import {
  type AllocatorState,
  configure,
  createState,
  forget,
  type PoolUsage,
  poolUsage,
  reconcileService,
  registerAll,
} from '../allocator/index.ts'
import type { IPAddressPool, Namespace, Service, ServiceL2Status } from '../api/index.ts'
import { type Configuration, readConfiguration } from '../config/index.ts'
import {
  type ApiClient,
  type ConfigurationStateWriter,
  type EventRecorder,
  IP_ADDRESS_POOLS,
  isSameInput,
  keyOf,
  NAMESPACES,
  Reflector,
  SERVICE_L2_STATUSES,
  SERVICES,
  type Startable,
  WorkQueue,
} from '../kube/index.ts'
import type { ControllerMetrics } from './metrics.ts'
import { PoolStatusWriter } from './pool-status.ts'
import { writeService } from './service-writer.ts'

/** Changes of pools and namespaces that come together are worked on together. */
const GATHER_MS = 10

export interface ControllerComponents {
  client: ApiClient
  log: Logger
  events: EventRecorder
  configurationState: ConfigurationStateWriter
  metrics: ControllerMetrics
}

export interface ControllerInit {
  namespace: string
  /** Services of other classes are somebody else's; `null`: those without a class are ours. */
  loadBalancerClass: string | null
}

/** What is known, for the status API. */
export interface ControllerView {
  state: AllocatorState | undefined
  services: ReadonlyMap<string, Service>
  pools: ReadonlyMap<string, IPAddressPool>
  statuses: ReadonlyMap<string, ServiceL2Status>
}

export class Controller implements Startable {
  readonly #components: ControllerComponents
  readonly #services: Reflector<Service>
  readonly #pools: Reflector<IPAddressPool>
  readonly #namespaces: Reflector<Namespace>
  readonly #statuses: Reflector<ServiceL2Status>
  readonly #queue: WorkQueue
  readonly #poolStatus: PoolStatusWriter
  readonly #init: ControllerInit
  #state: AllocatorState | undefined
  #gathering: NodeJS.Timeout | undefined

  constructor(components: ControllerComponents, init: ControllerInit) {
    this.#components = components
    this.#init = init
    const { client, log } = components
    const { namespace } = init
    this.#queue = new WorkQueue({ log, handler: (key) => this.#reconcile(key) })
    this.#poolStatus = new PoolStatusWriter({ client, log }, { namespace, usage: () => this.usage })
    this.#services = new Reflector<Service>(components, {
      resource: SERVICES,
      onChange: (key, service) => this.#onService(key, service),
    })
    this.#pools = new Reflector<IPAddressPool>(components, {
      resource: IP_ADDRESS_POOLS,
      namespace,
      onChange: (_, pool, before) => {
        if (!isSameInput(pool, before)) this.#gather()
        if (pool !== undefined) this.#poolStatus.seen(pool)
      },
    })
    this.#namespaces = new Reflector<Namespace>(components, {
      resource: NAMESPACES,
      onChange: (_, now, before) => {
        if (!isSameInput(now, before)) this.#gather()
      },
    })
    this.#statuses = new Reflector<ServiceL2Status>(components, { resource: SERVICE_L2_STATUSES, namespace })
  }

  get view(): ControllerView {
    return {
      state: this.#state,
      services: this.#services.objects,
      pools: this.#pools.objects,
      statuses: this.#statuses.objects,
    }
  }

  get usage(): ReadonlyMap<string, PoolUsage> {
    return this.#state === undefined ? new Map() : poolUsage(this.#state)
  }

  /** Whether every existing assignment is known; nothing is assigned before. */
  get hasSynced(): boolean {
    return this.#state !== undefined
  }

  start(): void {
    const needed = [this.#services, this.#pools, this.#namespaces]
    for (const reflector of [...needed, this.#statuses]) reflector.start()
    void Promise.all(needed.map(({ synced }) => synced)).then(() => {
      if (needed.every(({ hasSynced }) => hasSynced)) this.#begin() // else it was stopped before
    })
  }

  async stop(): Promise<void> {
    clearTimeout(this.#gathering)
    await Promise.all([this.#queue.stop(), this.#poolStatus.stop()])
    const reflectors = [this.#services, this.#pools, this.#namespaces, this.#statuses]
    await Promise.all(reflectors.map((reflector) => reflector.stop()))
  }

  /** First everything that is assigned, then everybody that waits, the oldest first. */
  #begin(): void {
    this.#state = createState(this.#readConfiguration(), this.#init.loadBalancerClass)
    for (const key of registerAll(this.#state, this.#services.objects.values())) this.#queue.add(key)
    this.#components.log.info(
      { services: this.#services.objects.size, pools: this.#pools.objects.size },
      'all assignments known',
    )
    this.#queue.start()
    this.#poolStatus.start()
    this.#poolStatus.changed()
  }

  #readConfiguration(): Configuration {
    const configuration = readConfiguration({
      pools: [...this.#pools.objects.values()],
      advertisements: [],
      namespaces: [...this.#namespaces.objects.values()],
      reserved: [],
    })
    for (const refusal of configuration.refusals) this.#components.log.warn(refusal, 'refused')
    this.#components.configurationState.report(
      configuration.refusals.map(({ object, message }) => `${object.kind} ${object.name}: ${message}`),
    )
    return configuration
  }

  #gather(): void {
    if (this.#state !== undefined) this.#gathering ??= setTimeout(() => this.#configure(), GATHER_MS)
  }

  #configure(): void {
    this.#gathering = undefined
    if (this.#state === undefined) return
    for (const key of configure(this.#state, this.#readConfiguration())) this.#queue.add(key)
    this.#poolStatus.changed()
  }

  #onService(key: string, service: Service | undefined): void {
    if (this.#state === undefined) return
    if (service !== undefined) return this.#queue.add(key)
    for (const waiting of forget(this.#state, key)) this.#queue.add(waiting)
    this.#poolStatus.changed()
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#services.objects.get(key)
    if (this.#state === undefined || service === undefined) return
    const decision = reconcileService(this.#state, service)
    for (const waiting of decision.wake) this.#queue.add(waiting)
    if (decision.write === 'assign' || decision.write === 'release') await this.#write(service, decision)
    for (const event of decision.events) this.#components.events.record({ object: service, ...event })
    this.#poolStatus.changed()
  }

  async #write(service: Service, decision: ReturnType<typeof reconcileService>): Promise<void> {
    const { client, metrics } = this.#components
    metrics.updates.inc()
    try {
      await writeService(client, service, decision)
    } catch (error) {
      metrics.updateErrors.inc()
      throw error
    }
    this.#components.log.info(
      { service: keyOf(service), write: decision.write, pool: decision.pool },
      'Service written',
    )
  }
}
