// One Service: what it keeps, what it gets, and so what is to be written. All but the writing.
import type { Service } from '../api/index.ts'
import { findingOf, showsFinding } from './condition.ts'
import type { Decision, ServiceEvent } from './decision.ts'
import { displace } from './displace.ts'
import { assignedEvent, clearedEvent, deprecatedEvents, refusedEvent } from './events.ts'
import { type Keep, type Possession, keep } from './keep.ts'
import { type Request, keyOf, readRequest } from './request.ts'
import {
  isLeftBehind,
  recordedPool,
  shownAddresses,
  shownPossession,
  showsAddresses,
  showsAny,
  showsAssignment,
} from './shown.ts'
import { type AllocatorState, type Assignment, isAmong, isOurs, settle, vacate } from './state.ts'
import { wake } from './wake.ts'
import { type Outcome, fresh, wished } from './wish.ts'

/**
 * Decides for one Service and changes `state` to match; calling it again with the same object changes nothing more.
 *
 * A Service that has an address keeps it while what it asks for instead cannot be granted.
 */
export function reconcileService(state: AllocatorState, service: Service): Decision {
  const request = readRequest(service)
  if (!isOurs(service, state.loadBalancerClass)) return abandon(state, service, request)

  const before = state.assignments.get(request.service)
  const possession = before ?? newlyShown(state, service, request)
  const displaced = before === undefined ? displace(state, request, possession) : []
  const { kept, extensible, lost } = keep(state, request, possession)
  const outcome = kept === null ? fresh(state, request) : wished(state, request, kept, extensible)
  const { assignment, refusal } = outcome

  const vacancy = settle(state, { request, assignment, shown: shownAddresses(service) })
  if (refusal === null) state.refused.delete(request.service)
  else state.refused.put(request, refusal)
  return {
    ...writing(state, service, outcome, lost),
    addresses: assignment?.addresses ?? [],
    pool: assignment?.pool ?? null,
    refusal,
    wake: [...displaced, ...wake(state, vacancy)],
  }
}

/** What the object shows and the state has not seen: at a start, or written by another controller. */
function newlyShown({ leaving }: AllocatorState, service: Service, request: Request): Possession {
  const { addresses, pool } = shownPossession(service)
  const given = leaving.get(request.service) ?? []
  return { addresses: addresses.filter((address) => !isAmong(address, given)), pool }
}

/** The Service is not, or no longer, for us: what is ours is taken back, anybody else's left alone. */
function abandon(state: AllocatorState, service: Service, request: Request): Decision {
  const key = request.service
  const wasOurs = state.assignments.has(key) || state.leaving.has(key) || state.refused.get(key) !== undefined
  const release = (wasOurs && showsAny(service)) || isLeftBehind(service)
  const vacancy = release
    ? settle(state, { request, assignment: null, shown: shownAddresses(service) })
    : vacate(state, key)
  state.refused.delete(key)
  return {
    write: release ? 'release' : 'none',
    addresses: [],
    pool: null,
    refusal: null,
    finding: null,
    events: [],
    wake: wake(state, vacancy),
  }
}

function writing(
  state: AllocatorState,
  service: Service,
  { assignment, refusal }: Outcome,
  lost: Keep['lost'],
): Pick<Decision, 'write' | 'finding' | 'events'> {
  const finding = findingOf(assignment, refusal)
  const told = showsFinding(service, finding)
  const shows = assignment !== null && showsAddresses(service, assignment.addresses)
  // While no pool is accepted no status is emptied, not even where two Services show one address.
  const lenient = state.configuration.pools.size === 0
  const write = lenient && assignment === null ? 'none' : writeFor(service, assignment, shows)
  const events: ServiceEvent[] = []
  if (lost !== null && !lenient) events.push(clearedEvent(lost.addresses, lost.cause))
  if (assignment !== null && !shows) events.push(assignedEvent(assignment))
  if (refusal !== null && !told) events.push(refusedEvent(keyOf(service), refusal, assignment))
  if (write !== 'none') events.push(...deprecatedEvents(service))
  return { write: write === 'none' && !told ? 'explain' : write, finding, events }
}

function writeFor(
  service: Service,
  assignment: Assignment | null,
  shows: boolean,
): 'none' | 'assign' | 'release' {
  if (assignment === null) return showsAssignment(service) ? 'release' : 'none'
  return shows && recordedPool(service) === assignment.pool ? 'none' : 'assign'
}
