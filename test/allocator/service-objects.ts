// What a Service object shows, and what becomes of it when a decision is written. For clusters without an API server.
import { ALLOCATED_CONDITION, type Service } from '../../src/api/index.ts'
import type { Decision } from '../../src/allocator/index.ts'
import { formatAddress } from '../../src/ip/index.ts'

const ALLOCATED_FROM = 'metallb.io/ip-allocated-from-pool'

type Ingress = NonNullable<NonNullable<NonNullable<Service['status']>['loadBalancer']>['ingress']>

export function ingressOf({ status }: Service): Ingress {
  return status?.loadBalancer?.ingress ?? []
}

/** The pool in its annotation, or `null`. */
export function recordedPool({ metadata }: Service): string | null {
  return metadata?.annotations?.[ALLOCATED_FROM] ?? null
}

export function conditionOf({ status }: Service) {
  return status?.conditions?.find(({ type }) => type === ALLOCATED_CONDITION)
}

/** With another ingress and annotation. */
export function withIngress(object: Service, ingress: Ingress, pool: string | null): Service {
  const { [ALLOCATED_FROM]: _, ...annotations } = object.metadata?.annotations ?? {}
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...annotations, ...(pool !== null && { [ALLOCATED_FROM]: pool }) },
    },
    status: { ...object.status, loadBalancer: ingress.length > 0 ? { ingress } : {} },
  }
}

/** After the write of a decision, which is not `none`. */
export function carriedOut(object: Service, { write, addresses, pool, finding }: Decision): Service {
  const ingress = addresses.map((address) => ({ ip: formatAddress(address), ipMode: 'VIP' }))
  const shown = write === 'explain' ? object : withIngress(object, ingress, pool)
  const lastTransitionTime = '2026-01-01T00:00:00Z'
  const conditions = finding === null ? [] : [{ type: ALLOCATED_CONDITION, ...finding, lastTransitionTime }]
  return { ...shown, status: { ...shown.status, conditions } }
}
