// One Service: what it keeps, what it gets, and so what is to be written. All but the writing.
import type { Service } from '../api/index.ts'
import { type Finding, findingOf, sameFinding } from './condition.ts'
import type { Decision, ServiceEvent } from './decision.ts'
import { displace } from './displace.ts'
import { assignedEvent, clearedEvent, deprecatedEvents, refusedEvent, unreadableEvent } from './events.ts'
import { type Possession, keep } from './keep.ts'
import { type Request, keyOf, readRequest } from './request.ts'
import {
  type Shown,
  areOneOfEach,
  isLeftBehind,
  possessionOf,
  readShown,
  showsAddresses,
  showsAssignment,
} from './shown.ts'
import { type AllocatorState, type Loss, isAmong, isOurs, settle, vacate } from './state.ts'
import { wake } from './wake.ts'
import { type Outcome, fresh, wished } from './wish.ts'

/**
 * Decides for one Service and changes `state` to match; calling it again with the same object changes nothing more.
 *
 * A Service that has an address keeps it while what it asks for instead cannot be granted.
 */
export function reconcileService(state: AllocatorState, service: Service): Decision {
  const request = readRequest(service)
  const shown = readShown(service)
  if (!isOurs(service, state.loadBalancerClass)) return abandon(state, service, request, shown)

  const before = state.assignments.get(request.service)
  const possession = before ?? newlyShown(state, request, shown)
  const isNew = before === undefined && possession.addresses.length > 0
  const displaced = isNew ? displace(state, request, possession) : []
  const { kept, extensible, lost } = keep(state, request, possession)
  const outcome = kept === null ? fresh(state, request) : wished(state, request, kept, extensible)
  const { assignment, refusal } = outcome

  const vacancy = settle(state, { request, assignment, shown: shown.addresses, lost })
  if (refusal === null) state.refused.delete(request.service)
  else state.refused.put(request, refusal)
  const woken = wake(state, request.service, vacancy)
  const finding = isProvisional(outcome) ? shown.finding : findingOf(assignment, refusal)
  const settled = { assignment, refusal, finding }
  const write = writeFor(state, shown, settled)
  const loss =
    state.configuration.pools.size === 0 ? null : (lost ?? state.losses.get(request.service) ?? null)
  return {
    write,
    addresses: assignment?.addresses ?? [],
    pool: assignment?.pool ?? null,
    refusal,
    finding,
    events: [...eventsOf(service, shown, settled, loss), ...remarks(service, shown, write)],
    wake: displaced.length > 0 ? [...displaced, ...woken] : woken,
  }
}

/** Whether all there is to say is that its pool is missing, and that may be otherwise in a moment. */
function isProvisional({ assignment, refusal }: Outcome): boolean {
  const exception = refusal === null ? assignment?.exception : null
  return exception?.reason === 'NoPool' && exception.provisional
}

/** What the object shows and the state has not seen: at a start, or written by another controller. */
function newlyShown(
  { configuration, leaving }: AllocatorState,
  { service }: Request,
  shown: Shown,
): Possession {
  const possession = possessionOf(shown)
  const given = leaving.get(service)
  // While no pool is accepted what was given up is not taken away, so that it is the Service's own again.
  if (given === undefined || configuration.pools.size === 0) return possession
  return { ...possession, addresses: possession.addresses.filter((address) => !isAmong(address, given)) }
}

/** The Service is not, or no longer, for us: what is ours is taken back, anybody else's left alone. */
function abandon(state: AllocatorState, service: Service, request: Request, shown: Shown): Decision {
  const key = request.service
  const wasOurs = state.assignments.has(key) || state.leaving.has(key) || state.refused.has(key)
  const shows = showsAssignment(shown) || shown.finding !== null
  const release = (wasOurs && shows) || isLeftBehind(service, shown)
  const vacancy = release
    ? settle(state, { request, assignment: null, shown: shown.addresses, lost: null })
    : vacate(state, key)
  state.refused.delete(key)
  return {
    write: release ? 'release' : 'none',
    addresses: [],
    pool: null,
    refusal: null,
    finding: null,
    events: [],
    wake: wake(state, key, vacancy),
  }
}

/** What of `settled` the object does not show yet. */
function writeFor(
  { configuration }: AllocatorState,
  shown: Shown,
  { assignment, finding }: Settled,
): Decision['write'] {
  // While no pool is accepted no status is emptied, not even where two Services show one address.
  const lenient = configuration.pools.size === 0
  if (assignment === null && showsAssignment(shown) && !lenient) return 'release'
  if (
    assignment !== null &&
    (!showsAddresses(shown, assignment.addresses) || shown.pool !== assignment.pool)
  ) {
    return 'assign'
  }
  return sameFinding(shown.finding, finding) ? 'none' : 'explain'
}

interface Settled extends Outcome {
  readonly finding: Finding | null
}

function eventsOf(
  service: Service,
  shown: Shown,
  { assignment, refusal, finding }: Settled,
  lost: Loss | null,
): ServiceEvent[] {
  const isGiven = assignment !== null && !showsAddresses(shown, assignment.addresses)
  const isNewRefusal = refusal !== null && !sameFinding(shown.finding, finding)
  return [
    lost && clearedEvent(lost.addresses, lost.cause),
    isGiven ? assignedEvent(assignment) : null,
    isNewRefusal ? refusedEvent(keyOf(service), refusal, assignment) : null,
  ].filter((event) => event !== null)
}

/** What is worth saying when something is written anyhow. */
function remarks(service: Service, { addresses }: Shown, write: Decision['write']): readonly ServiceEvent[] {
  if (write !== 'assign' && write !== 'release') return []
  const deprecated = deprecatedEvents(service)
  return areOneOfEach(addresses) ? deprecated : [unreadableEvent(addresses), ...deprecated]
}
