// The whole configuration: objects in, what of them holds out. A bad object refuses itself and no other.
import type { IPAddressPool, L2Advertisement, Namespace } from '../api/index.ts'
import { type Address, formatRange } from '../ip/index.ts'
import { type Advertisement, parseAdvertisement } from './advertisement.ts'
import { type Pool, type PoolReference, type RefusedPool, parsePool } from './pool.ts'
import type { ConfigurationRefusal, Problem } from './refusal.ts'

/** The objects of our own namespace, and all Namespaces, for their labels. */
export interface ConfigurationObjects {
  readonly pools: readonly IPAddressPool[]
  readonly advertisements: readonly L2Advertisement[]
  readonly namespaces: readonly Namespace[]
}

export interface Configuration {
  /** By name, ascending; no two overlap. */
  readonly pools: ReadonlyMap<string, Pool>
  /** They hand out nothing, and what they hold stays. */
  readonly refusedPools: ReadonlyMap<string, RefusedPool>
  readonly advertisements: readonly Advertisement[]
  readonly refusals: readonly ConfigurationRefusal[]
}

/** The same objects give the same configuration, whatever their order. */
export function readConfiguration(objects: ConfigurationObjects): Configuration {
  const refusals: ConfigurationRefusal[] = []
  const pools = new Map<string, Pool>()
  const refusedPools = new Map<string, RefusedPool>()
  for (const object of objects.pools.toSorted(byAge)) {
    const parsed = parsePool(object, objects.namespaces)
    const problem = 'pool' in parsed ? overlapWithOlder(parsed.pool, pools.values()) : parsed.problem
    if ('pool' in parsed && problem === null) {
      pools.set(parsed.pool.name, parsed.pool)
    } else if (problem !== null) {
      const refused = 'pool' in parsed ? parsed.pool : parsed.refused
      refusedPools.set(refused.name, refused)
      refusals.push({ object: { kind: 'IPAddressPool', name: refused.name }, ...problem })
    }
  }
  const advertisements: Advertisement[] = []
  for (const object of objects.advertisements.toSorted(byAge)) {
    const parsed = parseAdvertisement(object)
    if ('advertisement' in parsed) advertisements.push(parsed.advertisement)
    else
      refusals.push({
        object: { kind: 'L2Advertisement', name: object.metadata.name ?? '' },
        ...parsed.problem,
      })
  }
  return { pools: new Map([...pools].toSorted(byName)), refusedPools, advertisements, refusals }
}

function overlapWithOlder(pool: Pool, older: Iterable<Pool>): Problem | null {
  for (const { name, addresses } of older) {
    const common = addresses.overlap(pool.addresses)
    if (common !== null) {
      const message =
        `${formatRange(common)} overlaps with already defined CIDR of pool ${JSON.stringify(name)}, which is older; ` +
        'remove it from one of them'
      return { reason: 'OverlappingPool', message }
    }
  }
  return null
}

/** Oldest first; of the same second, which is all that creationTimestamp tells, by name. */
function byAge(a: IPAddressPool | L2Advertisement, b: IPAddressPool | L2Advertisement): number {
  const [createdA = '', createdB = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  return compare(createdA, createdB) || compare(a.metadata.name ?? '', b.metadata.name ?? '')
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compare(a, b)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * - pool: they all lie in this pool.
 * - refusedPool: they belong to a pool that is refused as it stands now: neither new use nor release.
 * - unknown: no pool is accepted, so nothing can be said but the name recorded. Nobody may release or withdraw an
 *   address on that account.
 * - none: accepted pools exist, and no one of them has them all.
 */
export type Location =
  | { readonly kind: 'pool'; readonly pool: Pool }
  | { readonly kind: 'refusedPool'; readonly pool: PoolReference }
  | { readonly kind: 'unknown'; readonly pool: PoolReference }
  | { readonly kind: 'none' }

/**
 * Where the addresses of one Service belong. Controller and speakers ask the same function.
 *
 * @param recordedPool the pool in the Service's annotation: a pool refused because of a slip in its addresses may no
 *   longer show that it has them.
 */
export function locate(
  { pools, refusedPools }: Configuration,
  addresses: readonly Address[],
  recordedPool: string | null,
): Location {
  const recorded = recordedPool === null ? undefined : refusedPools.get(recordedPool)
  if (recorded !== undefined) return { kind: 'refusedPool', pool: recorded }
  const holdsAll = (pool: RefusedPool): boolean =>
    addresses.every((address) => pool.addresses.contains(address))
  for (const pool of pools.values()) if (holdsAll(pool)) return { kind: 'pool', pool }
  for (const pool of refusedPools.values()) if (holdsAll(pool)) return { kind: 'refusedPool', pool }
  if (pools.size > 0) return { kind: 'none' }
  return { kind: 'unknown', pool: { name: recordedPool ?? '', labels: {} } }
}
