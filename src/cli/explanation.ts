// One Service in full: what it has and why, who announces it, who else may, and what is in the way. Pure.

import { originOf } from '../allocator/index.ts'
import {
  ALLOCATED_CONDITION,
  type EndpointSlice,
  type KubeEvent,
  type Service,
  type ServiceL2Status,
} from '../api/index.ts'
import {
  explainIneligibility,
  explainWithheld,
  type Ineligibility,
  rankNodes,
  servingNodes,
  shownIPs,
} from '../candidates/index.ts'
import { conditionOf, keyOf } from '../kube/index.ts'
import type { Cluster } from './cluster.ts'
import { asksFor, type PoolVerdict, poolVerdicts } from './pool-verdicts.ts'
import type { Finding } from './finding.ts'
import { type ServiceReport, serviceReport } from './service-report.ts'
import { serviceFindings } from './check-services.ts'

export interface Candidate {
  readonly node: string
  /** From 1; `null`: it may not announce the Service. */
  readonly place: number | null
  readonly announces: boolean
  /** Of the advertisements, or those that a node that announces it names; `null`: all. */
  readonly interfaces: readonly string[] | null
  /** Since when it announces, RFC 3339; `null`: it does not. */
  readonly since: string | null
  readonly message: string
}

export interface Happening {
  /** RFC 3339; when it happened last. */
  readonly at: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly count: number
}

export interface Explanation extends ServiceReport {
  /** What it asks for, in words. */
  readonly asksFor: string
  readonly allocation: string
  /** Why it has its addresses from that pool; `null` while it has none, or where not everything was seen. */
  readonly origin: string | null
  /** While it waits and asks for no address: what each pool says to it. */
  readonly pools: readonly PoolVerdict[]
  /** Other Services with an address of its own. */
  readonly sharedWith: readonly string[]
  readonly announcement: string
  readonly externalTrafficPolicy: string
  /** Whether any can serve, and on which nodes, as far as that is known. */
  readonly endpoints: { readonly serve: boolean; readonly nodes: readonly string[] }
  /** In the order in which they take it over, then those that may not. */
  readonly candidates: readonly Candidate[]
  /** The newest first. */
  readonly events: readonly Happening[]
  readonly findings: readonly Finding[]
}

export function explainService(service: Service, cluster: Cluster): Explanation {
  const report = serviceReport(service, cluster)
  const slices = cluster.slicesOf.get(keyOf(service)) ?? []
  return {
    ...report,
    asksFor: asksFor(service),
    allocation: allocationOf(service, report),
    origin: originIn(cluster, service, report),
    pools: report.state === 'Pending' ? poolVerdicts(service, cluster) : [],
    sharedWith: sharersOf(service, cluster),
    announcement: announcementOf(service, report, cluster),
    externalTrafficPolicy: service.spec?.externalTrafficPolicy ?? 'Cluster',
    endpoints: endpointsOf(slices),
    candidates: candidatesOf(service, report, cluster),
    events: cluster.events.map(happeningOf).sort((a, b) => (a.at < b.at ? 1 : -1)),
    findings: serviceFindings(service, cluster),
  }
}

function allocationOf(service: Service, { state, message, pool }: ServiceReport): string {
  if (state === 'Pending' || state === 'Foreign') return message
  const told = conditionOf(service, ALLOCATED_CONDITION)
  return told?.message ?? (pool === null ? 'nobody says where its addresses are from' : `of pool "${pool}"`)
}

function originIn(
  { allocation, isPartial }: Cluster,
  service: Service,
  { state }: ServiceReport,
): string | null {
  if (isPartial || state === 'Pending' || state === 'Foreign') return null
  return originOf(allocation, keyOf(service))?.message ?? null
}

function sharersOf(service: Service, { services }: Cluster): string[] {
  const own = new Set(shownIPs(service))
  return services
    .filter((other) => other !== service && shownIPs(other).some((ip) => own.has(ip)))
    .map(keyOf)
    .sort()
}

function announcementOf(service: Service, { state, message }: ServiceReport, cluster: Cluster): string {
  if (state !== 'Pending' && state !== 'Foreign') return message
  if (state === 'Foreign') return 'that is for those to say who serve its class'
  const reason = cluster.intentOf(service)
  return typeof reason === 'string' ? explainWithheld(reason) : message
}

function endpointsOf(slices: readonly EndpointSlice[]): Explanation['endpoints'] {
  const { any, nodes } = servingNodes(slices)
  return { serve: any, nodes: [...nodes].sort() }
}

function candidatesOf(service: Service, { nodes, state }: ServiceReport, cluster: Cluster): Candidate[] {
  if (state === 'Foreign') return []
  const key = keyOf(service)
  const ranked = rankNodes(service, cluster.slicesOf.get(key) ?? [], cluster.view)
  if ('withheld' in ranked) return []
  return ranked.ranking.map(({ node, place, interfaces, because }) => {
    const announces = nodes.includes(node)
    const shown = announces ? statusOf(key, node, cluster.statuses) : undefined
    return {
      node,
      place,
      announces,
      interfaces: shown?.status?.interfaces?.flatMap(({ name }) => name ?? []) ?? interfaces,
      since: shown?.metadata.creationTimestamp ?? null,
      message: partOf(announces, because),
    }
  })
}

function partOf(announces: boolean, because: Ineligibility | null): string {
  const bar = because === null ? null : explainIneligibility(because)
  if (!announces) return bar ?? 'may announce it'
  return bar === null ? 'announces it' : `announces it, but ${bar}`
}

function statusOf(
  key: string,
  node: string,
  statuses: readonly ServiceL2Status[],
): ServiceL2Status | undefined {
  return statuses.find(
    ({ status }) => status?.node === node && `${status.serviceNamespace}/${status.serviceName}` === key,
  )
}

function happeningOf({
  metadata,
  type,
  reason,
  message,
  count,
  lastTimestamp,
  eventTime,
}: KubeEvent): Happening {
  return {
    at: lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '',
    type: type ?? '',
    reason: reason ?? '',
    message: message ?? '',
    count: count ?? 1,
  }
}
