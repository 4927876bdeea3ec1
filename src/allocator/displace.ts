// An address that appears in a status without our doing: another controller's late write gave it a second time.
import type { Address } from '../ip/index.ts'
import type { ServiceKey } from './refusal.ts'
import type { Request } from './request.ts'
import { compareAge } from './age-order.ts'
import type { Possession } from './keep.ts'
import { judgeByPools } from './judge.ts'
import type { AllocatorState } from './state.ts'

/**
 * The older Service keeps it, as it would after a restart: younger ones that do not share it lose it, and are to be
 * reconciled. Nobody does where an older one is among them, or where the pools forbid the address to the newcomer.
 */
export function displace(
  state: AllocatorState,
  request: Request,
  { addresses, pool }: Possession,
): ServiceKey[] {
  const rivalsFor = (address: Address): ServiceKey[] =>
    state.ledger.rivals(request.service, address, request.sharing)
  const rivals = new Set(addresses.flatMap(rivalsFor))
  if (rivals.size === 0 || !judgeByPools(state, request, addresses, pool).stays) return []
  const newcomer = { key: request.service, createdAt: request.createdAt }
  const losers = [...rivals].flatMap((key) => state.assignments.get(key) ?? [])
  const isYounger = ({ request: { service, createdAt } }: (typeof losers)[number]): boolean =>
    compareAge(newcomer, { key: service, createdAt }) < 0
  if (!losers.every(isYounger)) return []
  for (const address of addresses) {
    for (const rival of rivalsFor(address)) {
      const sharing = state.assignments.get(rival)?.request.sharing
      if (sharing !== undefined) state.ledger.leave(rival, address, sharing)
    }
  }
  return [...rivals]
}
