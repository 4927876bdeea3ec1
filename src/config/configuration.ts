// The whole configuration: objects in, what of them holds out. A bad object refuses itself and no other.
import type { IPAddressPool, L2Advertisement, Namespace } from '../api/index.ts'
import { type Address, formatRange, quote } from '../ip/index.ts'
import { type Advertisement, parseAdvertisement } from './advertisement.ts'
import { parsePool } from './parse-pool.ts'
import { PoolIndex } from './pool-index.ts'
import type { Pool, PoolReference, RefusedPool } from './pool.ts'
import type { ConfigurationRefusal, Problem } from './refusal.ts'
import { type Reservation, Reservations } from './reservation.ts'

/**
 * ms after a pool has come, gone or been edited for which the configuration counts as incomplete: pools that are removed,
 * applied or split together change one by one.
 */
export const POOLS_QUIET_MS = 2000

/** The objects of our own namespace, and all Namespaces, for their labels. */
export interface ConfigurationObjects {
  readonly pools: readonly IPAddressPool[]
  readonly advertisements: readonly L2Advertisement[]
  readonly namespaces: readonly Namespace[]
  /** Addresses that the cluster itself uses; of account to who gives addresses out, to nobody else. */
  readonly reserved: readonly Reservation[]
}

export interface Configuration {
  /** By name, ascending; no two overlap. */
  readonly pools: ReadonlyMap<string, Pool>
  readonly automatic: AutomaticPools
  /** The same pools by address. */
  readonly index: PoolIndex
  /** They hand out nothing, and what they hold stays. */
  readonly refusedPools: ReadonlyMap<string, RefusedPool>
  readonly advertisements: readonly Advertisement[]
  readonly refusals: readonly ConfigurationRefusal[]
  /** More pools may be about to come, to go or to grow: what none of them has may be of one that is missing. */
  readonly incomplete: boolean
}

/** Pools for who asks for none, in the order of choice. */
interface AutomaticPools {
  /** Meant for some Services. */
  readonly pinned: readonly Pool[]
  /** Meant for all: when the others fail. */
  readonly unpinned: readonly Pool[]
  /** They would do if they gave anything out. */
  readonly draining: readonly Pool[]
}

/** The same objects give the same configuration, whatever their order. */
export function readConfiguration(objects: ConfigurationObjects): Configuration {
  const refusals: ConfigurationRefusal[] = []
  const pools = new Map<string, Pool>()
  const index = new PoolIndex()
  const surroundings = { namespaces: objects.namespaces, reservations: new Reservations(objects.reserved) }
  const refusedPools = new Map<string, RefusedPool>()
  for (const object of objects.pools.toSorted(byAge)) {
    const parsed = parsePool(object, surroundings)
    const problem = 'pool' in parsed ? overlapWithOlder(parsed.pool, index) : parsed.problem
    if ('pool' in parsed && problem === null) {
      pools.set(parsed.pool.name, parsed.pool)
      index.add(parsed.pool)
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
  const accepted = new Map([...pools].toSorted(byName))
  const automatic = automaticOrder(accepted.values())
  return { pools: accepted, automatic, index, refusedPools, advertisements, refusals, incomplete: false }
}

function automaticOrder(pools: Iterable<Pool>): AutomaticPools {
  const all = [...pools].filter(({ autoAssign }) => autoAssign)
  const open = all.filter(({ drain }) => !drain)
  return {
    draining: all.filter(({ drain }) => drain),
    pinned: open.filter(({ allocation }) => allocation !== null).sort(byPriority), // stable: by name within
    unpinned: open.filter(({ allocation }) => allocation === null),
  }
}

function byPriority(a: Pool, b: Pool): number {
  const [first, second] = [a.allocation?.priority ?? Infinity, b.allocation?.priority ?? Infinity]
  return first < second ? -1 : first > second ? 1 : 0
}

function overlapWithOlder(pool: Pool, older: PoolIndex): Problem | null {
  const overlap = older.overlap(pool)
  if (overlap === null) return null
  const message =
    `${formatRange(overlap.common)} overlaps with already defined CIDR of pool ` +
    `${quote(overlap.with.name)}, which is older; remove it from one of them`
  return { reason: 'OverlappingPool', message }
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
 * - unknown: no pool is accepted, or not all are known, so nothing can be said but the name recorded. Nobody may release
 *   or withdraw an address on that account.
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
  { pools, index, refusedPools, incomplete }: Configuration,
  addresses: readonly Address[],
  recordedPool: string | null,
): Location {
  const recorded = recordedPool === null ? undefined : refusedPools.get(recordedPool)
  if (recorded !== undefined) return { kind: 'refusedPool', pool: recorded }
  const [first, ...others] = addresses
  const pool = first === undefined ? null : index.find(first)
  if (pool !== null && others.every((address) => pool.addresses.contains(address)))
    return { kind: 'pool', pool }
  const holdsAll = (refused: RefusedPool): boolean =>
    addresses.every((address) => refused.addresses.contains(address))
  for (const refused of refusedPools.values())
    if (holdsAll(refused)) return { kind: 'refusedPool', pool: refused }
  if (pools.size > 0 && !incomplete) return { kind: 'none' }
  return { kind: 'unknown', pool: { name: recordedPool ?? '', labels: {} } }
}
