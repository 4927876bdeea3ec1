// What the status API shows of pools and Services, from what the controller knows.

import { explain, poolUsage } from '../allocator/index.ts'
import { ANNOUNCED_CONDITION, CONDITION_TYPE } from '../api/index.ts'
import { formatAddress } from '../ip/index.ts'
import type { PoolView, ServiceView, StatusSource } from '../status/index.ts'
import type { ControllerView } from './controller.ts'

/** Reads `view` anew at each question. */
export function statusSource(view: () => ControllerView): StatusSource {
  return {
    pools: () => poolViews(view()),
    services: () => serviceViews(view()),
  }
}

function poolViews({ state, pools }: ControllerView): PoolView[] {
  const usages = state && poolUsage(state)
  return [...pools.values()]
    .map(({ metadata, spec }): PoolView => {
      const { name = '' } = metadata
      const refusal = state?.configuration.refusals.find(({ object }) => object.name === name)
      const usage = usages?.get(name)
      return {
        name,
        addresses: spec.addresses,
        autoAssign: spec.autoAssign ?? true,
        state: refusal === undefined ? 'Accepted' : 'Refused',
        ...(refusal && { reason: refusal.reason, message: refusal.message }),
        assignedIPv4: String(usage?.IPv4.inUse ?? 0n),
        assignedIPv6: String(usage?.IPv6.inUse ?? 0n),
        availableIPv4: String(usage?.IPv4.available ?? 0n),
        availableIPv6: String(usage?.IPv6.available ?? 0n),
      }
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

function serviceViews({ state, services, statuses }: ControllerView): ServiceView[] {
  const announcers = new Map<string, string[]>()
  for (const { status } of statuses.values()) {
    const { node, serviceName, serviceNamespace } = status ?? {}
    const key = `${serviceNamespace}/${serviceName}`
    if (node !== undefined) announcers.set(key, [...(announcers.get(key) ?? []), node].sort())
  }
  return [...services.values()]
    .filter(({ spec }) => spec?.type === 'LoadBalancer')
    .map(({ metadata, status }): ServiceView => {
      const { namespace = '', name = '' } = metadata ?? {}
      const key = `${namespace}/${name}`
      const assignment = state?.assignments.get(key)
      const announcement = status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION)
      const refusal = state?.refused.get(key)?.refusal
      // A replica that stands by has decided nothing: it repeats what the active one wrote.
      const told = status?.conditions?.find(({ type }) => type === CONDITION_TYPE)
      const why =
        refusal === undefined
          ? told !== undefined &&
            told.reason !== 'Allocated' && { reason: told.reason, message: told.message }
          : { reason: refusal.reason, message: explain(refusal) }
      return {
        namespace,
        name,
        state: assignment === undefined ? 'Pending' : 'Assigned',
        ips: (assignment?.addresses ?? []).map(formatAddress),
        ...(assignment?.pool && { pool: assignment.pool }),
        announcedBy: announcers.get(key) ?? [],
        ...(announcement && { announcement }),
        ...why,
      }
    })
    .sort((one, other) => (`${one.namespace}/${one.name}` < `${other.namespace}/${other.name}` ? -1 : 1))
}
