// What of its addresses a Service may keep.
import type { Service } from '../api/index.ts'
import type { Pool } from '../config/index.ts'
import type { Address } from '../ip/index.ts'
import { judge } from './judge.ts'
import type { Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import { shownAssignment } from './shown.ts'
import type { AllocatorState, Assignment } from './state.ts'

export interface Keep {
  /** `null`: nothing, or it had nothing. */
  readonly kept: Assignment | null
  /** The pool that may add to it; `null` when it is refused or not known. */
  readonly extensible: Pool | null
  /** What goes, and why. */
  readonly lost: { readonly addresses: readonly Address[]; readonly cause: Refusal } | null
}

/**
 * What the state knows counts before what the object shows, so that a status wiped or overwritten is restored.
 *
 * Of two addresses that cannot stay together, for instance because a pool was split between them, the first stays
 * that can stay alone.
 */
export function keep(state: AllocatorState, request: Request, service: Service): Keep {
  const { addresses, pool } = state.assignments.get(request.service) ?? shownAssignment(service)
  const wanted = ofFamilies(request, addresses)
  if (wanted.length === 0) return { kept: null, extensible: null, lost: null }
  const verdict = judge(state, request, wanted, pool)
  if (verdict.stays) {
    return { kept: { addresses: wanted, pool: verdict.pool }, extensible: verdict.extensible, lost: null }
  }
  for (const address of wanted.length > 1 ? wanted : []) {
    const alone = judge(state, request, [address], pool)
    if (alone.stays) {
      const lost = { addresses: wanted.filter((other) => other !== address), cause: verdict.cause }
      return { kept: { addresses: [address], pool: alone.pool }, extensible: alone.extensible, lost }
    }
  }
  return { kept: null, extensible: null, lost: { addresses: wanted, cause: verdict.cause } }
}

/** Those of the Service's families; all when none is, since its families may be unreadable for the moment. */
function ofFamilies({ families }: Request, addresses: readonly Address[]): readonly Address[] {
  const fitting = addresses.filter(({ family }) => families.includes(family))
  return fitting.length === 0 ? addresses : fitting
}
