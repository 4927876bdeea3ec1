// What one Service asks of the speakers: its addresses, the nodes that may hold them in order, the interfaces.
// Every speaker computes the same from the same objects.

import { ANNOTATION, deprecatedName, type EndpointSlice, PREFERRED_NODE, type Service } from '../api/index.ts'
import {
  advertisementsFor,
  type AnnouncementRefusal,
  type AnnouncingNode,
  locate,
  type PoolReference,
} from '../config/index.ts'
import { candidateOrder } from '../election/index.ts'
import { type Address, formatAddress, parseAddress } from '../ip/index.ts'
import type { ClusterView } from './cluster-view.ts'

/** Why a Service is announced by nobody. */
export type Withheld =
  | 'notLoadBalancer'
  | 'noIPAllocated'
  | 'invalidIP'
  | 'ipNotAllowed'
  | 'noEndpoints'
  | 'NoMatchingAdvertisement'
  | 'SharedAddressWithServiceSelector'
  | 'noEligibleNode'

export interface ServiceIntent {
  readonly addresses: readonly Address[]
  /** The same as canonical text. */
  readonly ips: readonly string[]
  /** First choice first, each with where it would announce. */
  readonly candidates: readonly AnnouncingNode[]
}

export function serviceIntent(
  service: Service,
  slices: readonly EndpointSlice[],
  view: ClusterView,
): ServiceIntent | Withheld {
  const asked = askedBy(service, view)
  if (typeof asked === 'string') return asked
  const serving = servingNodes(slices)
  if (!serving.any) return 'noEndpoints'
  const announcing = whoMayAnnounce(service, asked.pool, view)
  if ('refusal' in announcing) return announcing.refusal
  const nodes = announcing.nodes.filter(
    ({ node }) => view.eligible.has(node) && (!isLocal(service) || serving.nodes.has(node)),
  )
  const { addresses } = asked
  const [first] = addresses
  if (nodes.length === 0 || first === undefined) return 'noEligibleNode'
  return { addresses, ips: addresses.map(formatAddress), candidates: candidateOrder(first, nodes) }
}

/** The addresses in its status, as they stand there; host names are none. */
export function shownIPs({ status }: Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
}

/** What the Service shows of its addresses, and the pool that they belong to. */
export function askedBy(
  service: Service,
  { configuration }: ClusterView,
): { readonly addresses: readonly Address[]; readonly pool: PoolReference } | Withheld {
  const { metadata, spec } = service
  if (spec?.type !== 'LoadBalancer') return 'notLoadBalancer'
  const texts = shownIPs(service)
  if (texts.length === 0) return 'noIPAllocated'
  const addresses = texts.map(parseAddress)
  if (!addresses.every((address) => address !== null)) return 'invalidIP'
  const recorded = metadata?.annotations?.[ANNOTATION.allocatedFromPool] ?? null
  const location = locate(configuration, addresses, recorded)
  return location.kind === 'none' ? 'ipNotAllowed' : { addresses, pool: location.pool }
}

/** The nodes that the advertisements let announce it, whatever else speaks against them. */
export function whoMayAnnounce(
  { metadata }: Service,
  pool: PoolReference,
  { configuration, announcing }: ClusterView,
): { readonly nodes: readonly AnnouncingNode[] } | { readonly refusal: AnnouncementRefusal } {
  const { labels = {}, annotations = {} } = metadata ?? {}
  const asked = { pool, labels, sharesAddress: sharesAddress(annotations) }
  const matching = advertisementsFor(configuration, asked)
  if ('refusal' in matching) return matching
  return { nodes: preferring(annotations[PREFERRED_NODE], announcing(matching.advertisements)) }
}

/** The node named comes before all that the advertisements prefer. */
function preferring(name: string | undefined, nodes: readonly AnnouncingNode[]): readonly AnnouncingNode[] {
  const preferred = name === undefined ? undefined : nodes.find(({ node }) => node === name)
  if (preferred === undefined) return nodes
  const score = 1 + nodes.reduce((highest, node) => Math.max(highest, node.score), 0)
  return nodes.map((each) => (each === preferred ? { ...each, score } : each))
}

/** Under this policy a node sends traffic to its own endpoints only. */
export function isLocal({ spec }: Service): boolean {
  return spec?.externalTrafficPolicy === 'Local'
}

/** Where a node would announce them; `null`: on all interfaces, or it may not. */
export function interfacesOn(node: string, { candidates }: ServiceIntent): readonly string[] | null {
  return candidates.find((candidate) => candidate.node === node)?.interfaces ?? null
}

function sharesAddress(annotations: Readonly<Record<string, string>>): boolean {
  const name = ANNOTATION.allowSharedIP
  return name in annotations || deprecatedName(name) in annotations
}

/** Where the Service has an endpoint that can serve: ready, or unknown, or terminating but still serving. */
export function servingNodes(slices: readonly EndpointSlice[]): { any: boolean; nodes: ReadonlySet<string> } {
  const serving = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false || conditions.serving === true)
  return { any: serving.length > 0, nodes: new Set(serving.flatMap(({ nodeName }) => nodeName ?? [])) }
}
