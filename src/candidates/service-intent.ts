// What one Service asks of the speakers: its addresses, the nodes that may hold them in order, the interfaces.
// Every speaker computes the same from the same objects.

import { ANNOTATION, deprecatedName, type EndpointSlice, PREFERRED_NODE, type Service } from '../api/index.ts'
import { type AnnouncingNode, locate, type PoolReference, whoMayAnnounce } from '../config/index.ts'
import { type Candidate, candidateOrder } from '../election/index.ts'
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
  /** First choice first. */
  readonly candidates: readonly Candidate[]
  /** By node: where it would announce; `null`: all interfaces. */
  readonly interfacesOf: ReadonlyMap<string, readonly string[] | null>
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
  const announcing = announcingNodes(service, asked.pool, view)
  if ('refusal' in announcing) return announcing.refusal
  const nodes = announcing.nodes.filter(
    ({ name }) => view.eligible.has(name) && (!isLocal(service) || serving.nodes.has(name)),
  )
  const { addresses } = asked
  const [first] = addresses
  if (nodes.length === 0 || first === undefined) return 'noEligibleNode'
  return {
    addresses,
    ips: addresses.map(formatAddress),
    candidates: orderOf(first, nodes),
    interfacesOf: interfacesOf(nodes),
  }
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
  const addresses = texts.flatMap((text) => parseAddress(text) ?? [])
  if (addresses.length < texts.length) return 'invalidIP'
  const recorded = metadata?.annotations?.[ANNOTATION.allocatedFromPool] ?? null
  const location = locate(configuration, addresses, recorded)
  return location.kind === 'none' ? 'ipNotAllowed' : { addresses, pool: location.pool }
}

/** The nodes that the advertisements let announce it, whatever else speaks against them. */
export function announcingNodes(
  { metadata }: Service,
  pool: PoolReference,
  { configuration, nodes }: ClusterView,
): ReturnType<typeof whoMayAnnounce> {
  const { labels = {}, annotations = {} } = metadata ?? {}
  const asked = { pool, labels, sharesAddress: sharesAddress(annotations) }
  const announcing = whoMayAnnounce(configuration, asked, nodes)
  if ('refusal' in announcing) return announcing
  return { nodes: preferring(annotations[PREFERRED_NODE], announcing.nodes) }
}

/** The node named comes before all that the advertisements prefer. */
function preferring(name: string | undefined, nodes: readonly AnnouncingNode[]): readonly AnnouncingNode[] {
  const preferred = name === undefined ? undefined : nodes.find((node) => node.name === name)
  if (preferred === undefined) return nodes
  const score = 1 + nodes.reduce((highest, node) => Math.max(highest, node.score), 0)
  return nodes.map((node) => (node === preferred ? { ...node, score } : node))
}

/** Under this policy a node sends traffic to its own endpoints only. */
export function isLocal({ spec }: Service): boolean {
  return spec?.externalTrafficPolicy === 'Local'
}

function orderOf(address: Address, nodes: readonly AnnouncingNode[]): Candidate[] {
  return candidateOrder(
    address,
    nodes.map(({ name, score }) => ({ node: name, score })),
  )
}

function interfacesOf(nodes: readonly AnnouncingNode[]): Map<string, readonly string[] | null> {
  return new Map(nodes.map(({ name, interfaces }) => [name, interfaces]))
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
