// Who else is concerned when an address becomes free or its sharing changes. Looks at those who wait, and of them only
// at those whom it can help: the cost does not grow with the number of Services.
import type { Address, Family } from '../ip/index.ts'
import { allocate, available } from './allocate.ts'
import { type ServiceKey, poolsWithoutRoom } from './refusal.ts'
import { type AllocatorState, type Vacancy, isAmong } from './state.ts'
import type { Waiting } from './waiting-list.ts'

/**
 * Services that may get something now, of those who compete for one address the oldest.
 *
 * @param service the one that is settled: what it was woken for and did not take goes to the next.
 */
export function wake(state: AllocatorState, service: ServiceKey, vacancy: Vacancy): ServiceKey[] {
  const invitation = state.invited.get(service)
  state.invited.delete(service)
  const addresses = invitation === undefined ? vacancy.addresses : together(vacancy.addresses, invitation)
  if (addresses.length === 0) return []
  const woken = new Set<ServiceKey>()
  for (const address of vacancy.addresses) {
    for (const key of state.refused.forAddress(address)) woken.add(key)
  }
  const pools = new Set(addresses.map((address) => state.ledger.poolOf(address)))
  for (const pool of pools) {
    if (pool === null) continue
    const vacant = addresses.filter((address) => pool.addresses.contains(address))
    for (const waiting of candidates(state, pool.name, vacant, vacancy.sharingKeys)) {
      woken.add(waiting.request.service)
      invite(state, waiting.request.service, vacant)
    }
  }
  return [...woken]
}

/** Who may join others there, all of them; of those who need a free address only as many as there are. */
function* candidates(
  state: AllocatorState,
  pool: string,
  vacant: readonly Address[],
  sharingKeys: ReadonlySet<string>,
): Generator<Waiting> {
  for (const key of sharingKeys) {
    for (const waiting of key === '' ? [] : state.refused.forSharing(key)) {
      if (poolsWithoutRoom(waiting.refusal).includes(pool) && canBeHelped(state, waiting)) yield waiting
    }
  }
  const counts: Record<Family, number> = { IPv4: 0, IPv6: 0 }
  for (const address of vacant) if (state.ledger.isFree(address)) counts[address.family] += 1
  if (counts.IPv4 + counts.IPv6 === 0) return
  for (const waiting of state.refused.forRoomIn(pool)) {
    if (!waiting.request.families.some((family) => counts[family] > 0)) continue
    if (!canBeHelped(state, waiting)) continue
    yield waiting
    counts[leastTaken(waiting)] -= 1
    if (counts.IPv4 <= 0 && counts.IPv6 <= 0) return
  }
}

function invite({ invited }: AllocatorState, service: ServiceKey, addresses: readonly Address[]): void {
  invited.set(service, together(addresses, invited.get(service) ?? []))
}

function together(a: readonly Address[], b: readonly Address[]): readonly Address[] {
  return [...a, ...b.filter((address) => !isAmong(address, a))]
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
