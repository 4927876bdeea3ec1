// Which addresses a Service gets, were it to get new ones now. Changes nothing: a caller that agrees holds them.
import { type Pool, locate, whyForbidden } from '../config/index.ts'
import type { Address, Family } from '../ip/index.ts'
import { noPool, whyNotFrom, whyNotNew } from './judge.ts'
import type { Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import type { AllocatorState, Assignment } from './state.ts'

export type Allocation = { readonly assignment: Assignment } | { readonly refusal: Refusal }

/** Requested addresses, else the requested pool, else the pools in order: nothing falls back to the next. */
export function allocate(state: AllocatorState, request: Request): Allocation {
  if (request.problem !== null) return { refusal: request.problem }
  if (request.addresses.length > 0) return allocateRequested(state, request)
  if (request.pool !== null) return allocateFromPool(state, request, request.pool)
  return allocateFromAny(state, request)
}

function allocateRequested(state: AllocatorState, request: Request): Allocation {
  const { addresses, families } = request
  const asked = addresses.map(({ family }) => family)
  if (asked.length !== families.length || !asked.every((family) => families.includes(family))) {
    return { refusal: { reason: 'FamilyMismatch', asked, families } }
  }
  const unusable = request.pool === null ? null : whyUnusable(state, request.pool)
  if (unusable !== null) return { refusal: unusable }
  const location = locate(state.configuration, addresses, null)
  if (location.kind === 'refusedPool') return { refusal: { reason: 'PoolRefused', pool: location.pool.name } }
  if (location.kind !== 'pool') {
    // That more pools may come matters to who has an address; who asks for one is told what is so now.
    const isAny = state.configuration.pools.size > 0
    return { refusal: isAny ? { reason: 'AddressOutsidePools', addresses } : noPool(state.configuration) }
  }
  const { pool } = location
  const [address] = addresses
  if (request.pool !== null && request.pool !== pool.name && address !== undefined) {
    return { refusal: { reason: 'AddressOfOtherPool', address, pool: pool.name, asked: request.pool } }
  }
  const forbidden = whyNotFrom(pool, request, addresses) ?? whyDraining(pool) ?? whyNotNew(pool, addresses)
  if (forbidden !== null) return { refusal: forbidden }
  for (const wanted of addresses) {
    const obstacle = state.ledger.obstacle(request.service, wanted, request.sharing)
    if (obstacle !== null) return { refusal: obstacle }
  }
  return { assignment: { addresses, pool: pool.name, exception: null } }
}

function whyUnusable({ configuration }: AllocatorState, pool: string): Refusal | null {
  if (configuration.pools.has(pool)) return null
  return { reason: configuration.refusedPools.has(pool) ? 'PoolRefused' : 'UnknownPool', pool }
}

function whyDraining({ drain, name }: Pool): Refusal | null {
  return drain ? { reason: 'PoolDraining', pool: name } : null
}

function allocateFromPool(state: AllocatorState, request: Request, name: string): Allocation {
  const pool = state.configuration.pools.get(name)
  if (pool === undefined)
    return { refusal: whyUnusable(state, name) ?? { reason: 'UnknownPool', pool: name } }
  const forbidden = whyNotFrom(pool, request, []) ?? whyDraining(pool)
  if (forbidden !== null) return { refusal: forbidden }
  const assignment = takeFrom(state, request, [pool])
  if (assignment !== null) return { assignment }
  return { refusal: { reason: 'PoolExhausted', pool: name, families: request.families } }
}

/** Pools meant for this Service come first, by priority, then by name; those meant for all only when these fail. */
function allocateFromAny(state: AllocatorState, request: Request): Allocation {
  const { pools, automatic, refusedPools } = state.configuration
  if (pools.size === 0) return { refusal: noPool(state.configuration) }
  const pinned = automatic.pinned.filter((pool) => whyForbidden(pool, request) === null)
  const assignment = takeFrom(state, request, pinned) ?? takeFrom(state, request, automatic.unpinned)
  if (assignment !== null) return { assignment }
  const draining = automatic.draining.filter((pool) => whyForbidden(pool, request) === null)
  return {
    refusal: {
      reason: 'NoAddressAvailable',
      pools: [...pinned, ...automatic.unpinned].map(nameOf),
      draining: draining.map(nameOf),
      refused: [...refusedPools.keys()],
      families: request.families,
    },
  }
}

function nameOf({ name }: Pool): string {
  return name
}

/** From the first pool that has all families; where two are only preferred, else from the first that has one. */
function takeFrom(state: AllocatorState, request: Request, pools: readonly Pool[]): Assignment | null {
  const { families, dualStack } = request
  const together = takeTogether(state, request, pools, families.length < 2 ? families : BOTH)
  if (together !== null || families.length < 2 || dualStack === 'required') return together
  for (const family of families) {
    const alone = takeTogether(state, request, pools, [family])
    if (alone !== null) return alone
  }
  return null
}

/** The ingress of two is always IPv4, IPv6. */
const BOTH: readonly Family[] = ['IPv4', 'IPv6']

function takeTogether(
  state: AllocatorState,
  request: Request,
  pools: readonly Pool[],
  families: readonly Family[],
): Assignment | null {
  const [one, other] = families
  if (one === undefined) return null
  for (const pool of pools) {
    const first = available(state, request, pool, one)
    const second = first === null || other === undefined ? null : available(state, request, pool, other)
    if (first === null || (other !== undefined && second === null)) continue
    return { addresses: second === null ? [first] : [first, second], pool: pool.name, exception: null }
  }
  return null
}

/** The address of this family that the pool would give, or `null`. */
export function available(
  { ledger, assignments, leaving }: AllocatorState,
  { service, sharing }: Request,
  pool: Pool,
  family: Family,
): Address | null {
  const own = sharing.key === '' ? [] : [assignments.get(service)?.addresses, leaving.get(service)]
  return ledger.firstAcceptable(pool.name, family, { service, sharing, own })
}
