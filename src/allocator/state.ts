// What the allocator knows: the configuration, who holds what, who waits. Rebuilt from the cluster's objects alone.
import type { Service } from '../api/index.ts'
import type { Configuration } from '../config/index.ts'
import type { Address } from '../ip/index.ts'
import { Ledger } from './ledger.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import type { Request } from './request.ts'
import type { PoolUsage } from './usage.ts'

export interface Assignment {
  /** In the order of the Service's ingress. */
  readonly addresses: readonly Address[]
  /** `null` while no accepted configuration can tell. */
  readonly pool: string | null
}

/** Changed only by the functions of this folder. */
export interface AllocatorState {
  configuration: Configuration
  ledger: Ledger
  /** The class of the Services that are ours; `null`: those without a class. */
  readonly loadBalancerClass: string | null
  readonly assignments: Map<ServiceKey, Assignment & { readonly request: Request }>
  /** Services with a wish that is not granted, whether they hold an address or not. */
  readonly refused: Map<ServiceKey, { readonly refusal: Refusal; readonly createdAt: string }>
}

export function createState(configuration: Configuration, loadBalancerClass: string | null): AllocatorState {
  return {
    configuration,
    ledger: new Ledger(configuration),
    loadBalancerClass,
    assignments: new Map(),
    refused: new Map(),
  }
}

/** Makes this the Service's assignment, in place of what it had. */
export function hold(state: AllocatorState, request: Request, assignment: Assignment): void {
  const { service, sharing } = request
  drop(state, service)
  state.ledger.hold(service, assignment.addresses, sharing)
  state.assignments.set(service, { addresses: assignment.addresses, pool: assignment.pool, request })
}

/** Frees what the Service has; whether it had anything. */
export function drop(state: AllocatorState, service: ServiceKey): boolean {
  const before = state.assignments.get(service)
  if (before === undefined) return false
  state.ledger.release(service, before.addresses)
  return state.assignments.delete(service)
}

/** Older first; of the same second by key. */
export function compareAge(
  a: { readonly createdAt: string; readonly key: ServiceKey },
  b: { readonly createdAt: string; readonly key: ServiceKey },
): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}

/** Of all accepted pools, by name. */
export function poolUsage({ ledger }: AllocatorState): Map<string, PoolUsage> {
  return ledger.usage()
}

/** Whether the Service is one that we give addresses to. */
export function isOurs({ spec }: Service, loadBalancerClass: string | null): boolean {
  return spec?.type === 'LoadBalancer' && (spec.loadBalancerClass ?? null) === loadBalancerClass
}
