// Who else is concerned when an address becomes free or its sharing changes. Looks at those who wait, and of them only
// at those whom it can help: the cost does not grow with the number of Services.
import type { Family } from '../ip/index.ts'
import { allocate, available } from './allocate.ts'
import type { ServiceKey } from './refusal.ts'
import type { AllocatorState, Vacancy } from './state.ts'
import type { Waiting } from './waiting-list.ts'

/** Services that may get something now, of those who compete for one address the oldest. */
export function wake(state: AllocatorState, { addresses, sharingKeys }: Vacancy): ServiceKey[] {
  if (addresses.length === 0) return []
  const woken = new Set<ServiceKey>()
  const free = new Map<string, Record<Family, number>>()
  for (const address of addresses) {
    for (const key of state.refused.forAddress(address)) woken.add(key)
    const pool = state.ledger.poolOf(address)
    if (pool === null) continue
    const counts = free.get(pool.name) ?? { IPv4: 0, IPv6: 0 }
    free.set(pool.name, counts)
    if (state.ledger.isFree(address)) counts[address.family] += 1
  }
  const canBeJoined = [...sharingKeys].some((key) => key !== '')
  for (const [pool, counts] of free) {
    for (const waiting of state.refused.forRoomIn(pool)) {
      const { service, sharing, families } = waiting.request
      const joins = sharing.key !== '' && sharingKeys.has(sharing.key)
      if (!canBeJoined && counts.IPv4 <= 0 && counts.IPv6 <= 0) break
      if (!joins && !families.some((family) => counts[family] > 0)) continue
      if (!canBeHelped(state, waiting)) continue
      woken.add(service)
      if (!joins) counts[leastTaken(waiting)] -= 1
    }
  }
  return [...woken]
}

/** The family of the one address that it takes at least. To wake one too many costs a look, one too few an address. */
function leastTaken({ request, refusal }: Waiting): Family {
  if (refusal.reason === 'SecondFamilyUnavailable') return refusal.family
  return request.families[0] ?? 'IPv4'
}

function canBeHelped(state: AllocatorState, { request, refusal }: Waiting): boolean {
  if (refusal.reason !== 'SecondFamilyUnavailable') return 'assignment' in allocate(state, request)
  const pool = state.configuration.pools.get(refusal.pool ?? '')
  if (pool !== undefined && available(state, request, pool, refusal.family) !== null) return true
  return refusal.elsewhere.length > 0 && 'assignment' in allocate(state, request)
}
