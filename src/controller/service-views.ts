// What the status API shows of Services in lists. One in detail: service-detail.ts.

import { explain } from '../allocator/index.ts'
import { ANNOUNCED_CONDITION, ALLOCATED_CONDITION, type Service } from '../api/index.ts'
import { formatAddress } from '../ip/index.ts'
import { conditionOf } from '../kube/index.ts'
import type { Reason, ServiceFilter, ServiceView } from '../status/index.ts'
import { nodeOf } from './announcements.ts'
import type { ControllerView } from './controller.ts'

/** Keys of the Services that the filter lets through, sorted. */
export function serviceKeys(view: ControllerView, filter: ServiceFilter): readonly string[] {
  const { state, overview } = view
  const { namespace, pool, node } = filter
  const ofNode = node === undefined ? null : overview.announcements.ofNode(node)
  const all = overview.services
  if (namespace === undefined && pool === undefined && ofNode === null && filter.state === undefined)
    return all
  return all.filter((key) => {
    const assignment = state?.assignments.get(key)
    return (
      (namespace === undefined || key.startsWith(`${namespace}/`)) &&
      (pool === undefined || assignment?.pool === pool) &&
      (ofNode === null || ofNode.has(key)) &&
      (filter.state === undefined || filter.state === (assignment === undefined ? 'Pending' : 'Assigned'))
    )
  })
}

export function serviceView(view: ControllerView, key: string): ServiceView | undefined {
  const service = view.services.get(key)
  if (service?.spec?.type !== 'LoadBalancer') return undefined
  const { metadata } = service
  const assignment = view.state?.assignments.get(key)
  const announcement = conditionOf(service, ANNOUNCED_CONDITION)
  const why = whyNot(view, key, service)
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    state: assignment === undefined ? 'Pending' : 'Assigned',
    ips: (assignment?.addresses ?? []).map(formatAddress),
    ...(assignment?.pool && { pool: assignment.pool }),
    announcedBy: view.overview.announcements.ofService(key).map(nodeOf),
    ...(announcement && {
      announcement: {
        status: announcement.status,
        reason: announcement.reason,
        message: announcement.message,
      },
    }),
    ...why,
  }
}

/** Why it is pending, or why what it asks for was not done. */
function whyNot({ state }: ControllerView, key: string, service: Service): Reason | undefined {
  const itsClass = service.spec?.loadBalancerClass
  if (state !== undefined && (itsClass ?? null) !== state.loadBalancerClass) return otherClass(itsClass)
  const refusal = state?.refused.get(key)?.refusal
  if (refusal !== undefined) return { reason: refusal.reason, message: explain(refusal) }
  // A replica that stands by has decided nothing: it repeats what the active one wrote.
  const told = conditionOf(service, ALLOCATED_CONDITION)
  if (told === undefined || told.reason === 'Allocated') return undefined
  return { reason: told.reason, message: told.message }
}

function otherClass(itsClass: string | undefined): Reason {
  const has = itsClass === undefined ? 'it has no loadBalancerClass' : `its loadBalancerClass is ${itsClass}`
  return { reason: 'OtherClass', message: `${has}: it is for another implementation, or for none` }
}
