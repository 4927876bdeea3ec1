// What the controller has to carry out for one Service.
import type { Address } from '../ip/index.ts'
import type { Finding } from './condition.ts'
import type { Refusal, ServiceKey } from './refusal.ts'

export interface ServiceEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason:
    | 'IPAllocated'
    | 'ClearAssignment'
    | 'AdditionalAssignFailed'
    | 'AllocationFailed'
    | 'LoadBalancerFailed'
    | 'not enough clusterips' // MetalLB's, blanks and all
    | 'nolbIPsIPFamily'
    | 'noclusterIPsIPFamily'
    | 'deprecatedAnnotation'
  readonly message: string
}

/**
 * - none: the object says already what it should, or it is not ours.
 * - assign: write `addresses`, in this order, as ingress, `pool`, unless `null`, as annotation ip-allocated-from-pool,
 *   and `finding` as condition.
 * - explain: write `finding` as condition; what the object shows besides is right, or nobody may touch it now.
 * - release: empty the ingress, remove the annotation, and set or, where it is `null`, remove the condition.
 */
export interface Decision {
  readonly write: 'none' | 'assign' | 'explain' | 'release'
  /** What is the Service's own after this; empty: nothing. */
  readonly addresses: readonly Address[]
  /** The pool they are from; `null` while no configuration can tell. */
  readonly pool: string | null
  /** What it asks for and does not get; it may have addresses all the same. */
  readonly refusal: Refusal | null
  /** Of the condition `typemetal.io/Allocated`; `null`: it shows none. */
  readonly finding: Finding | null
  /** To be recorded once the write has succeeded. */
  readonly events: readonly ServiceEvent[]
  /** Others to reconcile now: who waits for what became free, who has to give way. */
  readonly wake: readonly ServiceKey[]
}
