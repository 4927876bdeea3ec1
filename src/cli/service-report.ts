// What is to be said of each Service of type LoadBalancer, in one word and one sentence. Pure.

import { explain as explainRefusal } from '../allocator/index.ts'
import {
  ANNOTATION,
  ANNOUNCED_CONDITION,
  type Condition,
  ALLOCATED_CONDITION,
  type Service,
} from '../api/index.ts'
import { explainWithheld } from '../candidates/index.ts'
import { formatAddress } from '../ip/index.ts'
import { conditionOf, keyOf } from '../kube/index.ts'
import type { Cluster } from './cluster.ts'

/**
 * - Announced: it has its addresses, and a node answers for them.
 * - NotAnnounced: it has addresses, and nobody answers for them.
 * - Pending: it has no address.
 * - Foreign: it is of a class that is not ours, or of another type.
 */
export type ServiceState = 'Announced' | 'NotAnnounced' | 'Pending' | 'Foreign'

export interface ServiceReport {
  readonly namespace: string
  readonly name: string
  readonly state: ServiceState
  /** As its status shows them. */
  readonly addresses: readonly string[]
  readonly pool: string | null
  /** Nodes that say that they announce it. */
  readonly nodes: readonly string[]
  /** Why it is in this state; stable, one word. */
  readonly reason: string
  /** The same as a sentence. */
  readonly message: string
  /** RFC 3339. */
  readonly created: string
}

/** Of all Services of type LoadBalancer, by namespace and name. */
export function serviceReports(cluster: Cluster): ServiceReport[] {
  return cluster.services
    .filter(({ spec }) => spec?.type === 'LoadBalancer')
    .map((service) => serviceReport(service, cluster))
    .sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name))
}

export function serviceReport(service: Service, cluster: Cluster): ServiceReport {
  const { metadata, status } = service
  const { namespace = '', name = '', creationTimestamp = '', annotations = {} } = metadata ?? {}
  return {
    namespace,
    name,
    addresses: (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? ''),
    pool: annotations[ANNOTATION.allocatedFromPool] ?? null,
    nodes: cluster.announcers.get(keyOf(service)) ?? [],
    created: creationTimestamp,
    ...standing(service, cluster),
  }
}

type Standing = Pick<ServiceReport, 'state' | 'reason' | 'message'>

const OTHER_TYPE: Standing = {
  state: 'Foreign',
  reason: 'notLoadBalancer',
  message: explainWithheld('notLoadBalancer'),
}

function standing(service: Service, cluster: Cluster): Standing {
  if (service.spec?.type !== 'LoadBalancer') return OTHER_TYPE
  const { loadBalancerClass } = cluster.installation
  const { loadBalancerClass: own = null } = service.spec ?? {}
  if (own !== loadBalancerClass) return foreign(own, loadBalancerClass)
  const hasAddresses = (service.status?.loadBalancer?.ingress ?? []).length > 0
  return hasAddresses ? announcement(service, cluster) : { state: 'Pending', ...whyPending(service, cluster) }
}

function foreign(own: string | null, ours: string | null): Standing {
  const message =
    own === null
      ? `it has no loadBalancerClass, and only Services of class "${ours}" are served here`
      : `its loadBalancerClass is "${own}", and ${ours === null ? 'only Services without one are' : `only "${ours}" is`} served here`
  return { state: 'Foreign', reason: 'OtherClass', message }
}

/** What the controller wrote; where it has written nothing, what it would. */
function whyPending(service: Service, cluster: Cluster): Omit<Standing, 'state'> {
  const told = conditionOf(service, ALLOCATED_CONDITION)
  if (cluster.isPartial) return told?.status === 'False' ? told : CANNOT_SEE
  const decision = cluster.decisions.get(keyOf(service))
  const refusal = decision?.refusal ?? null
  if (refusal !== null) return { reason: refusal.reason, message: explainRefusal(refusal) }
  if (told?.status === 'False' && told.reason === 'ContestedStatus') return told
  const addresses = (decision?.addresses ?? []).map(formatAddress).join(' and ')
  const message =
    `nothing stands against ${addresses || 'an address'}` +
    `${decision?.pool ? ` of pool "${decision.pool}"` : ''}, and the controller has not given it yet`
  return { reason: 'WaitingForController', message }
}

function announcement(service: Service, cluster: Cluster): Standing {
  const told = conditionOf(service, ANNOUNCED_CONDITION)
  if (cluster.isPartial)
    return told === undefined ? { state: 'NotAnnounced', ...CANNOT_SEE } : toldStanding(told)
  const intent = cluster.intentOf(service)
  if (typeof intent === 'string') {
    return { state: 'NotAnnounced', reason: intent, message: explainWithheld(intent) }
  }
  if (told?.status === 'False') return toldStanding(told)
  const nodes = cluster.announcers.get(keyOf(service)) ?? []
  if (!nodes.some((node) => cluster.readySpeakers.has(node))) return noAnnouncer(nodes, intent.candidates)
  if (told !== undefined) return toldStanding(told)
  return { state: 'Announced', reason: 'Announced', message: `${nodes.join(' and ')} announces it` }
}

const CANNOT_SEE = { reason: 'CannotSee', message: 'not everything that decides it can be seen from here' }

function toldStanding({ status, reason, message }: Condition): Standing {
  return { state: status === 'True' ? 'Announced' : 'NotAnnounced', reason, message }
}

function noAnnouncer(stale: readonly string[], candidates: readonly { readonly node: string }[]): Standing {
  const [first] = candidates
  const message =
    stale.length === 0
      ? `no node says that it announces it; the first that may is ${first?.node}`
      : `${stale.join(' and ')} said so, and its speaker is not ready any more; the first that may is ${first?.node}`
  return { state: 'NotAnnounced', reason: 'NoAnnouncer', message }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
