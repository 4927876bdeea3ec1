// Whether a Service may keep the addresses that it has. What else it could have: allocate.ts.
import { type Pool, avoids, locate, whyForbidden } from '../config/index.ts'
import type { Address } from '../ip/index.ts'
import type { Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import type { AllocatorState } from './state.ts'

/** `extensible`: the pool from which another address may be added; `null` when it is refused or not known. */
export type Verdict =
  | { readonly stays: true; readonly pool: string | null; readonly extensible: Pool | null }
  | { readonly stays: false; readonly cause: Refusal }

/**
 * An address goes only because an accepted pool does not cover or permit it, or because its Service cannot share it.
 *
 * While no pool is accepted nothing is said against any address, and a pool that is refused keeps what it gave.
 */
export function judge(
  { configuration, ledger }: AllocatorState,
  request: Request,
  addresses: readonly Address[],
  recordedPool: string | null,
): Verdict {
  for (const address of addresses) {
    const obstacle = ledger.obstacle(request.service, address, request.sharing)
    if (obstacle !== null) return { stays: false, cause: obstacle }
  }
  const location = locate(configuration, addresses, recordedPool)
  switch (location.kind) {
    case 'unknown':
      return { stays: true, pool: recordedPool, extensible: null }
    case 'refusedPool':
      return { stays: true, pool: location.pool.name, extensible: null }
    case 'none':
      return { stays: false, cause: { reason: 'AddressOutsidePools', addresses } }
    case 'pool':
      break
  }
  const { pool } = location
  const cause = whyNotFrom(pool, request, addresses)
  return cause === null ? { stays: true, pool: pool.name, extensible: pool } : { stays: false, cause }
}

/** Why the pool, which has the addresses, does not give them to this Service, or `null`. */
export function whyNotFrom(pool: Pool, request: Request, addresses: readonly Address[]): Refusal | null {
  const because = whyForbidden(pool, request)
  if (because !== null) return { reason: 'PoolForbidsService', pool: pool.name, because }
  const avoided = addresses.find((address) => avoids(pool, address))
  return avoided === undefined ? null : { reason: 'AddressAvoided', address: avoided, pool: pool.name }
}
