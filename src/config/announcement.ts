// Which nodes may announce a Service, with which preference, on which interfaces. Which of them does: election/.
import { type Advertisement, advertises } from './advertisement.ts'
import type { Configuration } from './configuration.ts'
import type { Range } from '../ip/index.ts'
import type { PoolReference } from './pool.ts'
import { type Labels, anySelects, selects } from './selector.ts'

export interface AnnouncedService {
  /** Where its addresses belong, see `locate`. */
  readonly pool: PoolReference
  readonly labels: Labels
  /** Whether it carries the annotation allow-shared-ip, with whatever value. */
  readonly sharesAddress: boolean
}

export interface AnnouncingNode {
  readonly node: string
  /** Sum of the weights of the preferences that it fulfils; 0 without any. */
  readonly score: number
  /** Exact names, sorted; `null`: all. They have no part in the choice of the node. */
  readonly interfaces: readonly string[] | null
}

/**
 * - NoMatchingAdvertisement: no advertisement is for its pool and labels.
 * - SharedAddressWithServiceSelector: Services that share an address could match different advertisements, and two
 *   nodes would answer for it.
 */
export type AnnouncementRefusal = 'NoMatchingAdvertisement' | 'SharedAddressWithServiceSelector'

/** Those that are for the Service; at least one. */
export function advertisementsFor(
  { advertisements }: Configuration,
  { pool, labels, sharesAddress }: AnnouncedService,
): { readonly advertisements: readonly Advertisement[] } | { readonly refusal: AnnouncementRefusal } {
  const matching = advertisements.filter(
    (advertisement) => advertises(advertisement, pool) && anySelects(advertisement.serviceSelectors, labels),
  )
  if (matching.length === 0) return { refusal: 'NoMatchingAdvertisement' }
  if (sharesAddress && matching.some(({ serviceSelectors }) => serviceSelectors.length > 0)) {
    return { refusal: 'SharedAddressWithServiceSelector' }
  }
  return { advertisements: matching }
}

/**
 * The nodes, in the order given, that one of the advertisements at least lets announce what they are for.
 *
 * Whether a node is alive, excluded or has endpoints is for the caller to judge.
 */
export function announcingNodes(
  advertisements: readonly Advertisement[],
  nodes: readonly { readonly name: string; readonly labels: Labels }[],
): readonly AnnouncingNode[] {
  return nodes.flatMap(({ name, labels }) => {
    const covering = advertisements.filter(({ nodeSelectors }) => anySelects(nodeSelectors, labels))
    return covering.length === 0
      ? []
      : [{ node: name, score: scoreOf(covering, labels), interfaces: interfacesOf(covering) }]
  })
}

/** Where a node could announce the addresses of one pool. */
export interface Prospect {
  readonly ranges: readonly Range[]
  /** Exact names, sorted; `null`: all. */
  readonly interfaces: readonly string[] | null
}

/** What a node with these labels could announce, whichever Services there will be. */
export function prospectsOf({ pools, advertisements }: Configuration, labels: Labels): readonly Prospect[] {
  const covering = advertisements.filter(({ nodeSelectors }) => anySelects(nodeSelectors, labels))
  return [...pools.values()].flatMap((pool) => {
    const matching = covering.filter((advertisement) => advertises(advertisement, pool))
    return matching.length === 0 ? [] : [{ ranges: [...pool.addresses], interfaces: interfacesOf(matching) }]
  })
}

function scoreOf(advertisements: readonly Advertisement[], labels: Labels): number {
  return advertisements
    .flatMap(({ preferences }) => preferences)
    .filter(({ selector }) => selects(selector, labels))
    .reduce((sum, { weight }) => sum + weight, 0)
}

function interfacesOf(advertisements: readonly Advertisement[]): readonly string[] | null {
  if (advertisements.some(({ interfaces }) => interfaces.length === 0)) return null
  return [...new Set(advertisements.flatMap(({ interfaces }) => interfaces))].sort()
}
