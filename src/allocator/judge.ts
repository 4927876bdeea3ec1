// Whether a Service may keep the addresses that it has. What else it could have: allocate.ts.
import { type Configuration, type Pool, avoids, locate, whyForbidden, whyWithheld } from '../config/index.ts'
import type { Address } from '../ip/index.ts'
import type { Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import type { AllocatorState } from './state.ts'

export type Verdict = Stays | { readonly stays: false; readonly cause: Refusal }

interface Stays {
  readonly stays: true
  readonly pool: string | null
  /** The pool from which another address may be added; `null` when it is refused or not known. */
  readonly extensible: Pool | null
  /** What would forbid it, were it not there already; `null`: nothing. */
  readonly exception: Refusal | null
}

/**
 * An address goes only because an accepted pool does not cover or permit it, or because its Service cannot share it.
 *
 * While no pool is accepted nothing is said against any address, and a pool that is refused keeps what it gave.
 */
export function judge(
  state: AllocatorState,
  request: Request,
  addresses: readonly Address[],
  recordedPool: string | null,
): Verdict {
  for (const address of addresses) {
    const obstacle = state.ledger.obstacleToStay(request.service, address, request.sharing)
    if (obstacle !== null) return { stays: false, cause: obstacle }
  }
  return judgeByPools(state, request, addresses, recordedPool)
}

/** What the pools alone say. */
export function judgeByPools(
  { configuration }: AllocatorState,
  request: Request,
  addresses: readonly Address[],
  recordedPool: string | null,
): Verdict {
  const location = locate(configuration, addresses, recordedPool)
  switch (location.kind) {
    case 'unknown':
      return {
        stays: true,
        pool: recordedPool,
        extensible: null,
        exception: { ...noPool(configuration), provisional: configuration.incomplete },
      }
    case 'refusedPool': {
      const pool = location.pool.name
      return { stays: true, pool, extensible: null, exception: { reason: 'PoolRefused', pool } }
    }
    case 'none':
      return { stays: false, cause: { reason: 'AddressOutsidePools', addresses } }
    case 'pool':
      break
  }
  const { pool } = location
  const cause = whyNotFrom(pool, request, addresses)
  if (cause !== null) return { stays: false, cause }
  return { stays: true, pool: pool.name, extensible: pool, exception: whyNotNew(pool, addresses) }
}

/** Told to who asks for an address now; more pools may come. */
export function noPool({ refusedPools }: Configuration): Extract<Refusal, { reason: 'NoPool' }> {
  return { reason: 'NoPool', refused: [...refusedPools.keys()], provisional: false }
}

/** Why the pool, which has the addresses, is not for this Service, or `null`. */
export function whyNotFrom(pool: Pool, request: Request, addresses: readonly Address[]): Refusal | null {
  const because = whyForbidden(pool, request)
  if (because !== null) return { reason: 'PoolForbidsService', pool: pool.name, because }
  const avoided = addresses.find((address) => avoids(pool, address))
  return avoided === undefined ? null : { reason: 'AddressAvoided', address: avoided, pool: pool.name }
}

/** Why the pool, which has the addresses, gives one of them to nobody new, or `null`. */
export function whyNotNew(pool: Pool, addresses: readonly Address[]): Refusal | null {
  for (const address of addresses) {
    const withholding = whyWithheld(pool, address)
    if (withholding?.kind === 'excluded') return { reason: 'AddressExcluded', address, pool: pool.name }
    if (withholding?.kind === 'reserved') {
      return { reason: 'AddressReserved', address, pool: pool.name, owner: withholding.owner }
    }
  }
  return null
}
