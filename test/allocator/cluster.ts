// A cluster without a network: Services, pools, and a controller that carries out each decision at once.
import type { IPAddressPool, Namespace, Service } from '../../src/api/index.ts'
import {
  type AllocatorState,
  type Decision,
  configure,
  createState,
  forget,
  reconcileService,
  registerAll,
} from '../../src/allocator/index.ts'
import { type Configuration, type Reservation, readConfiguration } from '../../src/config/index.ts'
import { carriedOut, conditionOf, withIngress } from './service-objects.ts'

export interface ServiceSpec {
  families?: ('IPv4' | 'IPv6')[]
  policy?: string
  annotations?: Record<string, string>
  labels?: Record<string, string>
  namespace?: string
  ports?: string[]
  /** The larger, the older; 0 to 59. */
  age?: number
  ingress?: object[]
  local?: Record<string, string>
  type?: string
  loadBalancerClass?: string
  loadBalancerIP?: string
}

/** Of both families, one of which may be enough. */
export const both: ServiceSpec = { families: ['IPv4', 'IPv6'] }

/** With one of MetalLB's annotations. */
export function asks(annotation: string, value: string): ServiceSpec {
  return { annotations: { [`metallb.io/${annotation}`]: value } }
}

const CLUSTER_IPS = { IPv4: '10.96.0.1', IPv6: 'fd00:96::1' }

export function service(name: string, spec: ServiceSpec = {}): Service {
  const { families = ['IPv4'], ports = ['TCP/80'], age = 0, type = 'LoadBalancer' } = spec
  return {
    metadata: {
      name,
      namespace: spec.namespace ?? 'default',
      labels: spec.labels ?? {},
      annotations: spec.annotations ?? {},
      creationTimestamp: `2026-01-01T00:00:${String(59 - age).padStart(2, '0')}Z`,
    },
    spec: {
      type,
      clusterIPs: families.map((family) => CLUSTER_IPS[family]),
      ipFamilyPolicy: spec.policy ?? (families.length > 1 ? 'PreferDualStack' : 'SingleStack'),
      ports: ports.map((text) => ({ protocol: text.split('/')[0] ?? '', port: Number(text.split('/')[1]) })),
      ...(spec.local && { externalTrafficPolicy: 'Local', selector: spec.local }),
      ...(spec.loadBalancerClass && { loadBalancerClass: spec.loadBalancerClass }),
      ...(spec.loadBalancerIP && { loadBalancerIP: spec.loadBalancerIP }),
    },
    status: { loadBalancer: spec.ingress ? { ingress: spec.ingress } : {} },
  }
}

/** A service that already shows `ips` from `pool`. */
export function assigned(name: string, ips: string[], pool: string, spec: ServiceSpec = {}): Service {
  const annotations = { ...spec.annotations, 'metallb.io/ip-allocated-from-pool': pool }
  return service(name, { ...spec, annotations, ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) })
}

function keyOf({ metadata }: Service): string {
  return `${metadata?.namespace}/${metadata?.name}`
}

export class Cluster {
  readonly services = new Map<string, Service>()
  readonly state: AllocatorState
  /** `service Reason: message`, in order. */
  readonly events: string[] = []
  /** Of addresses. */
  writes = 0
  /** Of conditions alone. */
  explanations = 0

  constructor(
    pools: IPAddressPool[],
    services: Service[] = [],
    options: { namespaces?: Namespace[]; reserved?: Reservation[]; loadBalancerClass?: string } = {},
  ) {
    for (const object of services) this.services.set(keyOf(object), object)
    const configuration = configurationOf(pools, options.namespaces, options.reserved)
    this.state = createState(configuration, options.loadBalancerClass ?? null)
    this.#work(registerAll(this.state, this.services.values()))
  }

  /** The keys that were to be reconciled. */
  configure(
    pools: IPAddressPool[],
    namespaces: Namespace[] = [],
    reserved: Reservation[] = [],
  ): readonly string[] {
    const keys = configure(this.state, configurationOf(pools, namespaces, reserved))
    this.#work(keys)
    return keys
  }

  /** Somebody else writes the status; the controller sees it. */
  overwrite(name: string, ingress: { ip: string }[], pool: string | null = null): void {
    const object = this.services.get(`default/${name}`)
    if (object !== undefined) this.services.set(`default/${name}`, withIngress(object, ingress, pool))
    this.reconcile(`default/${name}`)
  }

  /** Creates the Service, or replaces what the user wrote of it, leaving status and our annotation. */
  apply(object: Service): Decision {
    const key = keyOf(object)
    const before = this.services.get(key)
    const pool = before?.metadata?.annotations?.['metallb.io/ip-allocated-from-pool']
    const ours = pool === undefined ? {} : { 'metallb.io/ip-allocated-from-pool': pool }
    this.services.set(key, {
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, ...ours } },
      status: before?.status ?? object.status ?? {},
    })
    return this.reconcile(key)
  }

  delete(name: string): void {
    const key = `default/${name}`
    this.services.delete(key)
    this.#work(forget(this.state, key))
  }

  /** As the controller does: decides, writes, and decides again when the watch shows what was written. */
  reconcile(key: string): Decision {
    const object = this.services.get(key)
    if (object === undefined) throw new Error(`no Service ${key}`)
    const decision = reconcileService(this.state, object)
    this.#carryOut(key, object, decision)
    this.#work(decision.wake)
    if (decision.write !== 'none') this.#work([key])
    return decision
  }

  /** Status and reason of its condition, or `-`. */
  condition(name: string, namespace = 'default'): string {
    const object = this.services.get(`${namespace}/${name}`)
    const condition = object && conditionOf(object)
    return condition === undefined ? '-' : `${condition.status} ${condition.reason}: ${condition.message}`
  }

  /** Its addresses with `,` between, and the pool: `10.0.0.1@lan`; `-` without any. */
  shows(name: string, namespace = 'default'): string {
    const object = this.services.get(`${namespace}/${name}`)
    const ips = (object?.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname)
    const pool = object?.metadata?.annotations?.['metallb.io/ip-allocated-from-pool']
    return ips.length === 0 && pool === undefined ? '-' : `${ips}@${pool}`
  }

  #work(keys: readonly string[]): void {
    for (const key of keys) if (this.services.has(key)) this.reconcile(key)
  }

  #carryOut(key: string, object: Service, decision: Decision): void {
    const { write, events } = decision
    for (const { reason, message } of events)
      this.events.push(`${object.metadata?.name} ${reason}: ${message}`)
    if (write === 'none') return
    if (write === 'explain') this.explanations += 1
    else this.writes += 1
    this.services.set(key, carriedOut(object, decision))
  }
}

export function configurationOf(
  pools: IPAddressPool[],
  namespaces: Namespace[] = [],
  reserved: Reservation[] = [],
): Configuration {
  return readConfiguration({ pools, advertisements: [], namespaces, reserved })
}
