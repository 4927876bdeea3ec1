// What a Service gets beside or instead of what it keeps. A wish that cannot be granted costs it nothing.
import { type Pool } from '../config/index.ts'
import { type Family, sameAddress } from '../ip/index.ts'
import { allocate, available } from './allocate.ts'
import { type Refusal, poolsWithoutRoom } from './refusal.ts'
import type { Request } from './request.ts'
import type { AllocatorState, Assignment } from './state.ts'

/** Both when it has something, and asks for something else or more. */
export interface Outcome {
  readonly assignment: Assignment | null
  readonly refusal: Refusal | null
}

/** For a Service that has nothing. */
export function fresh(state: AllocatorState, request: Request): Outcome {
  const allocation = allocate(state, request)
  if ('refusal' in allocation) return { assignment: null, refusal: allocation.refusal }
  const { assignment } = allocation
  const [family] = missingFamilies(request, assignment) // one of two may be all there was
  const refusal = family === undefined ? null : secondUnavailable(assignment, family, false, null)
  return { assignment, refusal }
}

/**
 * For a Service that has something and may keep it.
 *
 * @param pool the pool that it has it from, and that may give a second address; `null` when refused or not known.
 */
export function wished(
  state: AllocatorState,
  request: Request,
  kept: Assignment,
  pool: Pool | null,
): Outcome {
  if (request.problem !== null) return { assignment: kept, refusal: request.problem }
  const missing = missingFamilies(request, kept)
  const tooFew = missing.length > 0 && request.addresses.length > 0
  if (asksForOther(request, kept) || tooFew || missing.length === request.families.length) {
    const outcome = fresh(state, request)
    return outcome.assignment === null ? { ...outcome, assignment: kept } : outcome
  }
  const [family] = missing
  if (family === undefined) return { assignment: kept, refusal: null }
  const second = pool === null ? null : available(state, request, pool, family)
  if (second !== null) {
    return { assignment: { ...kept, addresses: [...kept.addresses, second] }, refusal: null }
  }
  const anew = request.dualStack === 'required' ? fresh(state, request) : null
  if (anew !== null && anew.assignment !== null) return anew
  return {
    assignment: kept,
    refusal: secondUnavailable(kept, family, pool?.drain === true, anew?.refusal ?? null),
  }
}

function asksForOther({ pool, addresses }: Request, kept: Assignment): boolean {
  if (pool !== null && pool !== kept.pool) return true
  if (addresses.length === 0) return false
  const same = addresses.every((address) => kept.addresses.some((other) => sameAddress(address, other)))
  return !same || addresses.length !== kept.addresses.length
}

function missingFamilies({ families }: Request, { addresses }: Assignment): Family[] {
  return families.filter((family) => !addresses.some((address) => address.family === family))
}

/** @param other why it does not get both from elsewhere either; `null`: it does not need both. */
function secondUnavailable(
  { pool }: Assignment,
  family: Family,
  draining: boolean,
  other: Refusal | null,
): Refusal {
  const elsewhere = other === null ? [] : poolsWithoutRoom(other)
  return { reason: 'SecondFamilyUnavailable', pool, family, draining, elsewhere }
}
