// What of its addresses a Service may keep.
import type { Pool } from '../config/index.ts'
import type { Address } from '../ip/index.ts'
import { type Verdict, judge } from './judge.ts'
import type { Request } from './request.ts'
import type { AllocatorState, Assignment, Loss } from './state.ts'

export interface Keep {
  /** `null`: nothing, or it had nothing. */
  readonly kept: Assignment | null
  /** The pool that may add to it; `null` when it is refused or not known. */
  readonly extensible: Pool | null
  /** What goes, and why. */
  readonly lost: Loss | null
}

/** What a Service has: as the state knows it, else as its object shows it. */
export type Possession = Pick<Assignment, 'addresses' | 'pool'>

const NOTHING_KEPT: Keep = { kept: null, extensible: null, lost: null }

/**
 * Of two addresses that cannot stay together, for instance because a pool was split between them, the first stays that
 * can stay alone.
 */
export function keep(state: AllocatorState, request: Request, { addresses, pool }: Possession): Keep {
  if (addresses.length === 0) return NOTHING_KEPT
  const wanted = ofFamilies(request, addresses)
  const verdict = judge(state, request, wanted, pool)
  if (verdict.stays) return { ...keeping(wanted, verdict), lost: null }
  for (const address of wanted.length > 1 ? wanted : []) {
    const alone = judge(state, request, [address], pool)
    if (alone.stays) {
      const lost = { addresses: wanted.filter((other) => other !== address), cause: verdict.cause }
      return { ...keeping([address], alone), lost }
    }
  }
  return { kept: null, extensible: null, lost: { addresses: wanted, cause: verdict.cause } }
}

function keeping(
  addresses: readonly Address[],
  { pool, exception, extensible }: Extract<Verdict, { stays: true }>,
): Omit<Keep, 'lost'> {
  return { kept: { addresses, pool, exception }, extensible }
}

/** Those of the Service's families; all when none is, since its families may be unreadable for the moment. */
function ofFamilies({ families }: Request, addresses: readonly Address[]): readonly Address[] {
  const fitting = addresses.filter(({ family }) => families.includes(family))
  return fitting.length === 0 ? addresses : fitting
}
