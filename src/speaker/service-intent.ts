// What one Service asks of the speakers: its addresses, the nodes that may hold them in order, the interfaces.
// Every speaker computes the same from the same objects. Pure.

import { ANNOTATION, deprecatedName, type EndpointSlice, type Node, type Service } from '../api/index.ts'
import { type AnnouncingNode, type Configuration, locate, whoMayAnnounce } from '../config/index.ts'
import { candidateOrder } from '../election/index.ts'
import { type Address, formatAddress, parseAddress } from '../ip/index.ts'

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
  /** The node names in order, first choice first. */
  readonly candidates: readonly string[]
  /** By node: where it would announce; `null`: all interfaces. */
  readonly interfacesOf: ReadonlyMap<string, readonly string[] | null>
}

/** What the intents of all Services rest on; made once for all of them. */
export interface ClusterView {
  readonly configuration: Configuration
  readonly nodes: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]
  /** Nodes that have a speaker, a network, and are neither excluded by their owner nor given up for lost. */
  readonly eligible: ReadonlySet<string>
  /** Nodes with a speaker that is Ready. */
  readonly speakers: ReadonlySet<string>
}

export interface ClusterObjects {
  readonly configuration: Configuration
  readonly nodes: readonly Node[]
  /** Nodes with a speaker that is Ready. */
  readonly speakers: ReadonlySet<string>
  /** Of nodes with the label exclude-from-external-load-balancers. */
  readonly ignoreExcludeLabel: boolean
}

/** Set by an administrator, or a fencing program, on a node that is known to be shut down. */
const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service'
const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers'

export function clusterView(objects: ClusterObjects): ClusterView {
  const { configuration, nodes, speakers } = objects
  return {
    configuration,
    speakers,
    nodes: nodes.map(({ metadata }) => ({ name: metadata?.name ?? '', labels: metadata?.labels ?? {} })),
    eligible: eligibleNodes(objects),
  }
}

export function serviceIntent(
  service: Service,
  slices: readonly EndpointSlice[],
  view: ClusterView,
): ServiceIntent | Withheld {
  if (service.spec?.type !== 'LoadBalancer') return 'notLoadBalancer'
  const texts = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
  if (texts.length === 0) return 'noIPAllocated'
  const addresses = texts.flatMap((text) => parseAddress(text) ?? [])
  if (addresses.length < texts.length) return 'invalidIP'
  const annotations = service.metadata?.annotations ?? {}
  const location = locate(view.configuration, addresses, annotations[ANNOTATION.allocatedFromPool] ?? null)
  if (location.kind === 'none') return 'ipNotAllowed'
  const serving = servingNodes(slices)
  if (!serving.any) return 'noEndpoints'
  const announcing = whoMayAnnounce(
    view.configuration,
    {
      pool: location.pool,
      labels: service.metadata?.labels ?? {},
      sharesAddress: sharesAddress(annotations),
    },
    view.nodes,
  )
  if ('refusal' in announcing) return announcing.refusal
  const local = service.spec.externalTrafficPolicy === 'Local'
  const nodes = announcing.nodes.filter(
    ({ name }) => view.eligible.has(name) && (!local || serving.nodes.has(name)),
  )
  const [first] = addresses
  if (nodes.length === 0 || first === undefined) return 'noEligibleNode'
  return {
    addresses,
    ips: addresses.map(formatAddress),
    candidates: orderOf(first, nodes),
    interfacesOf: interfacesOf(nodes),
  }
}

function orderOf(address: Address, nodes: readonly AnnouncingNode[]): string[] {
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
function servingNodes(slices: readonly EndpointSlice[]): { any: boolean; nodes: ReadonlySet<string> } {
  const serving = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false || conditions.serving === true)
  return { any: serving.length > 0, nodes: new Set(serving.flatMap(({ nodeName }) => nodeName ?? [])) }
}

function eligibleNodes({ nodes, speakers, ignoreExcludeLabel }: ClusterObjects): ReadonlySet<string> {
  const barred = nodes.filter(
    ({ metadata, spec, status }) =>
      (!ignoreExcludeLabel && EXCLUDE_LABEL in (metadata?.labels ?? {})) ||
      spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT) ||
      status?.conditions?.some(
        ({ type, status: value }) => type === 'NetworkUnavailable' && value === 'True',
      ),
  )
  const names = new Set(barred.map(({ metadata }) => metadata?.name))
  return new Set([...speakers].filter((name) => !names.has(name)))
}
