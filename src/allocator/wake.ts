// Who else is concerned when an address becomes free or its sharing changes. Looks at those who wait, and of them only
// at those whom it can help: the cost does not grow with the number of Services.
import type { Address, Family } from '../ip/index.ts'
import { allocate, available } from './allocate.ts'
import { type ServiceKey, poolsWithoutRoom } from './refusal.ts'
import type { AllocatorState, Vacancy } from './state.ts'
import type { Waiting } from './waiting-list.ts'

/**
 * Services that may get something now, of those who compete for one address the oldest.
 *
 * @param service the one that is settled: what it was woken for and did not take goes to the next.
 */
export function wake(state: AllocatorState, service: ServiceKey, vacancy: Vacancy): readonly ServiceKey[] {
  const { addresses, sharingKeys } = vacancy
  const passedOn = state.invited.get(service)
  if (passedOn === undefined && addresses.length === 0) return NOBODY
  state.invited.delete(service)
  const woken = new Set<ServiceKey>()
  for (const pool of passedOn ?? []) {
    const taken = state.assignments.get(service)?.pool === pool && !state.refused.has(service)
    const next = taken ? null : nextFor(state, pool, service)
    if (next !== null) invite(state, next, pool, woken)
  }
  for (const address of addresses) for (const key of state.refused.forAddress(address)) woken.add(key)
  const pools = new Set(addresses.flatMap((address) => state.ledger.poolOf(address)?.name ?? []))
  for (const pool of pools) {
    for (const waiting of joining(state, pool, sharingKeys)) invite(state, waiting, pool, woken)
    const free = addresses.filter((address) => state.ledger.isFree(address))
    for (const waiting of oldest(state, pool, free)) invite(state, waiting, pool, woken)
  }
  return [...woken]
}

const NOBODY: readonly ServiceKey[] = []

/** In no other's hands meanwhile: of two addresses that become free the second wakes the next. */
function invite(
  { invited, refused }: AllocatorState,
  { request: { service } }: Waiting,
  pool: string,
  woken: Set<ServiceKey>,
): void {
  woken.add(service)
  refused.hide(service)
  invited.set(service, (invited.get(service) ?? new Set()).add(pool))
}

/** Who may join others in the pool, all of them. */
function joining(state: AllocatorState, pool: string, sharingKeys: ReadonlySet<string>): Waiting[] {
  return [...sharingKeys]
    .filter((key) => key !== '')
    .flatMap((key) => [...state.refused.forSharing(key)])
    .filter((waiting) => poolsWithoutRoom(waiting.refusal).includes(pool) && canBeHelped(state, waiting))
}

/** Of those who need a free address as many as there are. */
function oldest(state: AllocatorState, pool: string, free: readonly Address[]): Waiting[] {
  const counts: Record<Family, number> = { IPv4: 0, IPv6: 0 }
  for (const address of free) {
    if (state.ledger.poolOf(address)?.name === pool) counts[address.family] += 1
  }
  const found: Waiting[] = []
  if (counts.IPv4 + counts.IPv6 === 0) return found
  for (const waiting of state.refused.forRoomIn(pool)) {
    if (!waiting.request.families.some((family) => counts[family] > 0)) continue
    if (!canBeHelped(state, waiting)) continue
    found.push(waiting)
    for (const family of leastTaken(waiting)) counts[family] -= 1
    if (counts.IPv4 <= 0 && counts.IPv6 <= 0) break
  }
  return found
}

/** The oldest whom the room left in the pool can help. */
function nextFor(state: AllocatorState, pool: string, except: ServiceKey): Waiting | null {
  const room: Record<Family, boolean> = {
    IPv4: state.ledger.hasRoom(pool, 'IPv4'),
    IPv6: state.ledger.hasRoom(pool, 'IPv6'),
  }
  if (!room.IPv4 && !room.IPv6) return null
  for (const waiting of state.refused.forRoomIn(pool)) {
    const { service } = waiting.request
    if (service === except || !mayFit(waiting, room)) continue
    if (canBeHelped(state, waiting)) return waiting
  }
  return null
}

/** What tells most of those whom the room cannot help from the others without a search. */
function mayFit({ request, refusal }: Waiting, room: Readonly<Record<Family, boolean>>): boolean {
  if (request.sharing.key !== '') return true
  if (refusal.reason === 'SecondFamilyUnavailable' && room[refusal.family]) return true
  return request.dualStack === 'required'
    ? request.families.every((family) => room[family])
    : request.families.some((family) => room[family])
}

/** The families of what it takes at least. To wake one too many costs a look, one too few an address. */
function leastTaken({ request, refusal }: Waiting): readonly Family[] {
  if (refusal.reason === 'SecondFamilyUnavailable') return [refusal.family]
  return request.dualStack === 'required' ? request.families : request.families.slice(0, 1)
}

function canBeHelped(state: AllocatorState, { request, refusal }: Waiting): boolean {
  if (refusal.reason !== 'SecondFamilyUnavailable') return 'assignment' in allocate(state, request)
  const pool = state.configuration.pools.get(refusal.pool ?? '')
  if (pool !== undefined && available(state, request, pool, refusal.family) !== null) return true
  return refusal.elsewhere.length > 0 && 'assignment' in allocate(state, request)
}
