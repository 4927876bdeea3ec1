// The events of a decision, under the reasons that MetalLB's users filter by.
import type { Service } from '../api/index.ts'
import { type Address, quote } from '../ip/index.ts'
import type { ServiceEvent } from './decision.ts'
import { type Refusal, type ServiceKey, addressList, explain } from './refusal.ts'
import { deprecatedAnnotations } from './request.ts'
import type { Assignment } from './state.ts'

export function assignedEvent({ addresses }: Assignment): ServiceEvent {
  return { type: 'Normal', reason: 'IPAllocated', message: `Assigned IP [${addressList(addresses)}]` }
}

export function clearedEvent(addresses: readonly Address[], cause: Refusal): ServiceEvent {
  const message = `Current IP [${addressList(addresses)}] can no longer be kept: ${explain(cause)}`
  return { type: 'Normal', reason: 'ClearAssignment', message }
}

const WARNINGS: Partial<Record<Refusal['reason'], ServiceEvent['reason']>> = {
  NotDualStack: 'not enough clusterips',
  InvalidClusterIPs: 'noclusterIPsIPFamily',
}

export function refusedEvent(
  service: ServiceKey,
  refusal: Refusal,
  assignment: Assignment | null,
): ServiceEvent {
  const cause = explain(refusal)
  const kept = assignment === null ? '' : `; it keeps ${addressList(assignment.addresses)}`
  const isUnread = refusal.reason === 'InvalidAddressRequest'
  const reason = isUnread && assignment !== null ? 'LoadBalancerFailed' : WARNINGS[refusal.reason]
  if (reason !== undefined) return { type: 'Warning', reason, message: `${cause}${kept}` }
  if (refusal.reason === 'SecondFamilyUnavailable') {
    const message = `Failed to assign a second IP to ${quote(service)}: ${cause}${kept}`
    return { type: 'Normal', reason: 'AdditionalAssignFailed', message }
  }
  const message = `Failed to allocate IP for ${quote(service)}: ${cause}${kept}`
  return { type: 'Warning', reason: 'AllocationFailed', message }
}

/** Of a status that nobody can make sense of, and that is written anew. */
export function unreadableEvent(addresses: readonly Address[]): ServiceEvent {
  const message = `The ingress shows [${addressList(addresses)}], which is not one IP or one of each family: it is replaced`
  return { type: 'Warning', reason: 'nolbIPsIPFamily', message }
}

export function deprecatedEvents(service: Service): ServiceEvent[] {
  return deprecatedAnnotations(service).map((name) => ({
    type: 'Warning',
    reason: 'deprecatedAnnotation',
    message: `annotation ${name} is deprecated: use the prefix metallb.io`,
  }))
}
