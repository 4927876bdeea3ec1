// Every node of the cluster in the light of one Service: its place among the candidates, or why it is none.

import type { EndpointSlice, Service } from '../api/index.ts'
import { candidateOrder } from '../election/index.ts'
import type { ClusterView, NodeBar } from './cluster-view.ts'
import { askedBy, isLocal, servingNodes, type Withheld, whoMayAnnounce } from './service-intent.ts'

/**
 * - NotSelected: no L2Advertisement of its pool selects the node.
 * - NoLocalEndpoint: externalTrafficPolicy is Local, and none of its endpoints serves there.
 */
export type Ineligibility = NodeBar | 'NotSelected' | 'NoLocalEndpoint'

export interface RankedNode {
  readonly node: string
  /** From 1; `null`: not a candidate. */
  readonly place: number | null
  /**
   * Sum of the weights of the preferences that it fulfils, or more than any other's where the Service names the node;
   * 0 for those that no advertisement selects.
   */
  readonly score: number
  /** Exact names; `null`: all, or no advertisement selects it. */
  readonly interfaces: readonly string[] | null
  /** `null` for candidates. */
  readonly because: Ineligibility | null
}

/**
 * The candidates in their order, then the others by name; why the Service is announced by nobody where that has nothing
 * to do with nodes.
 *
 * @param slices `null`: not known. Then nothing is said against a node on account of endpoints.
 */
export function rankNodes(
  service: Service,
  slices: readonly EndpointSlice[] | null,
  view: ClusterView,
): { readonly ranking: readonly RankedNode[] } | { readonly withheld: Withheld } {
  const asked = askedBy(service, view)
  if (typeof asked === 'string') return { withheld: asked }
  const serving = slices && servingNodes(slices)
  if (serving?.any === false) return { withheld: 'noEndpoints' }
  const announcing = whoMayAnnounce(service, asked.pool, view)
  if ('refusal' in announcing) return { withheld: announcing.refusal }
  const selected = new Map(announcing.nodes.map((each) => [each.node, each]))
  const judged = view.nodes.map(({ name }) => {
    const { score = 0, interfaces = null } = selected.get(name) ?? {}
    const away = isLocal(service) && serving?.nodes.has(name) === false
    const because: Ineligibility | null =
      view.bars.get(name) ?? (selected.has(name) ? (away ? 'NoLocalEndpoint' : null) : 'NotSelected')
    return { node: name, score, interfaces, because }
  })
  const [first] = asked.addresses
  const candidates = judged.filter(({ because }) => because === null)
  const order = first === undefined ? [] : candidateOrder(first, candidates)
  const ranked = new Map(order.map(({ node }, index) => [node, index + 1]))
  return {
    ranking: judged
      .map((each) => ({ ...each, place: ranked.get(each.node) ?? null }))
      .sort((a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || compare(a.node, b.node)),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What speaks against a node, as the end of a sentence that begins with its name. */
export function explainIneligibility(because: Ineligibility): string {
  switch (because) {
    case 'NoSpeaker':
      return 'has no speaker'
    case 'ExcludedByLabel':
      return 'has the label node.kubernetes.io/exclude-from-external-load-balancers'
    case 'OutOfService':
      return 'has the taint node.kubernetes.io/out-of-service'
    case 'NetworkUnavailable':
      return 'has no network: its condition NetworkUnavailable is True'
    case 'NotSelected':
      return 'is selected by no L2Advertisement for this Service'
    case 'NoLocalEndpoint':
      break
  }
  return 'has no serving endpoint of the Service, and externalTrafficPolicy is Local'
}

/** Why a Service is announced by nobody, and what helps: a sentence. */
export function explainWithheld(withheld: Withheld): string {
  switch (withheld) {
    case 'notLoadBalancer':
      return 'it is not of type LoadBalancer'
    case 'noIPAllocated':
      return 'it has no address yet'
    case 'invalidIP':
      return 'its status shows something that is no IP address'
    case 'ipNotAllowed':
      return 'no IPAddressPool has its addresses'
    case 'noEndpoints':
      return 'none of its endpoints serves: see whether its pods are Ready, and whether its selector finds them'
    case 'NoMatchingAdvertisement':
      return 'no L2Advertisement is for its pool and its labels: create one'
    case 'SharedAddressWithServiceSelector':
      return (
        'it has the annotation metallb.io/allow-shared-ip, and an L2Advertisement of its pool has serviceSelectors: ' +
        'two nodes could answer for one address; remove one of the two'
      )
    case 'noEligibleNode':
      break
  }
  return 'no node may announce it'
}
