// What the controller has to carry out for one Service.
import type { Address } from '../ip/index.ts'
import type { Refusal } from './refusal.ts'

export interface ServiceEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason:
    | 'IPAllocated'
    | 'ClearAssignment'
    | 'AdditionalAssignFailed'
    | 'AllocationFailed'
    | 'LoadBalancerFailed'
    | 'not enough clusterips' // MetalLB's, blanks and all
    | 'noclusterIPsIPFamily'
    | 'deprecatedAnnotation'
  readonly message: string
}

/**
 * - none: the object says already what it should, or it is not ours.
 * - assign: write `addresses`, in this order, as ingress, and `pool`, unless `null`, as annotation
 *   ip-allocated-from-pool.
 * - release: empty the ingress and remove the annotation.
 */
export interface Decision {
  readonly write: 'none' | 'assign' | 'release'
  /** What is the Service's own after this; empty: nothing. */
  readonly addresses: readonly Address[]
  /** The pool they are from; `null` while no configuration can tell. */
  readonly pool: string | null
  /** What it asks for and does not get; it may have addresses all the same. */
  readonly refusal: Refusal | null
  /** To be recorded once the write has succeeded. */
  readonly events: readonly ServiceEvent[]
  /** Whether others that wait may now get something: reconcile `waiting(state)`. */
  readonly freed: boolean
}
