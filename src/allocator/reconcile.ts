// One Service: what it keeps, what it gets, and so what is to be written. All but the writing.
import type { Service } from '../api/index.ts'
import { sameAddress } from '../ip/index.ts'
import type { Decision, ServiceEvent } from './decision.ts'
import { assignedEvent, clearedEvent, deprecatedEvents, refusedEvent } from './events.ts'
import { type Keep, keep } from './keep.ts'
import type { ServiceKey } from './refusal.ts'
import { forget } from './register.ts'
import { type Request, readRequest } from './request.ts'
import { sameSharing } from './sharing.ts'
import { recordedPool, showsAddresses, showsAnything } from './shown.ts'
import { type AllocatorState, type Assignment, drop, hold, isOurs } from './state.ts'
import { type Outcome, fresh, wished } from './wish.ts'

/**
 * Decides for one Service and changes `state` to match; calling it again with the same object changes nothing more.
 *
 * A Service that has an address keeps it while what it asks for instead cannot be granted.
 */
export function reconcileService(state: AllocatorState, service: Service): Decision {
  const request = readRequest(service)
  const key = request.service
  if (!isOurs(service, state.loadBalancerClass)) return abandon(state, service, key)

  const before = state.assignments.get(key)
  // While no pool is accepted no status is emptied, not even where two Services show one address.
  const lenient = state.configuration.pools.size === 0
  const { kept, extensible, lost } = keep(state, request, service)
  if (kept === null) drop(state, key)

  const outcome = kept === null ? fresh(state, request) : wished(state, request, kept, extensible)
  const { assignment, refusal } = outcome
  if (assignment !== null) hold(state, request, assignment)

  const write = lenient && assignment === null ? 'none' : writeFor(service, assignment)
  const events = eventsOf(state, service, key, { write, outcome, lost: lenient ? null : lost })
  if (refusal === null) state.refused.delete(key)
  else state.refused.set(key, { refusal, createdAt: request.createdAt })
  return {
    write,
    addresses: assignment?.addresses ?? [],
    pool: assignment?.pool ?? null,
    refusal,
    events,
    freed: before !== undefined && givesWay(before, assignment, request),
  }
}

/** The Service is not, or no longer, for us: an address of ours is taken back, anybody else's left alone. */
function abandon(state: AllocatorState, service: Service, key: ServiceKey): Decision {
  const freed = forget(state, key)
  const ours = recordedPool(service) !== null || (freed && showsAnything(service))
  return { write: ours ? 'release' : 'none', addresses: [], pool: null, refusal: null, events: [], freed }
}

function writeFor(service: Service, assignment: Assignment | null): Decision['write'] {
  if (assignment === null) return showsAnything(service) ? 'release' : 'none'
  const same = showsAddresses(service, assignment.addresses) && recordedPool(service) === assignment.pool
  return same ? 'none' : 'assign'
}

interface Happened {
  readonly write: Decision['write']
  readonly outcome: Outcome
  readonly lost: Keep['lost']
}

function eventsOf(
  state: AllocatorState,
  service: Service,
  key: ServiceKey,
  { write, outcome: { assignment, refusal }, lost }: Happened,
): ServiceEvent[] {
  const events: ServiceEvent[] = []
  if (lost !== null) events.push(clearedEvent(lost.addresses, lost.cause))
  if (write === 'assign' && assignment !== null && !showsAddresses(service, assignment.addresses)) {
    events.push(assignedEvent(assignment))
  }
  if (refusal !== null) events.push(...refusedEvent(state, key, refusal, assignment))
  if (write !== 'none') events.push(...deprecatedEvents(service))
  return events
}

/** Whether another Service can have now what it could not have before. */
function givesWay(
  before: Assignment & { readonly request: Request },
  after: Assignment | null,
  request: Request,
): boolean {
  const remains = (address: (typeof before.addresses)[number]): boolean =>
    after?.addresses.some((other) => sameAddress(address, other)) ?? false
  return !before.addresses.every(remains) || !sameSharing(before.request.sharing, request.sharing)
}
