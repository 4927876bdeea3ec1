// One Service: what it has, whether that stays, what it wishes, and so what is to be written. All but the writing.
import type { Service } from '../api/index.ts'
import type { Configuration } from '../config/index.ts'
import { type Address, type Family, parseAddress, sameAddress } from '../ip/index.ts'
import { allocate, available } from './allocate.ts'
import type { Decision, ServiceEvent } from './decision.ts'
import { assignedEvent, clearedEvent, deprecatedEvents, refusedEvent } from './events.ts'
import { type Verdict, judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import { type Request, readRequest, recordedPool } from './request.ts'
import { sameSharing } from './sharing.ts'
import { type AllocatorState, type Assignment, compareAge, drop, hold, isOurs } from './state.ts'

type Kept = Extract<Verdict, { stays: true }>

/**
 * Takes what the Services have already for theirs, the older first where two exclude each other; gives nothing out.
 *
 * @returns the keys of the Services that are ours, oldest first, to be reconciled in this order.
 */
export function registerAll(state: AllocatorState, services: Iterable<Service>): ServiceKey[] {
  const ours = [...services]
    .filter((service) => isOurs(service, state.loadBalancerClass))
    .map((service) => ({ service, request: readRequest(service) }))
    .map((entry) => ({ ...entry, key: entry.request.service, createdAt: createdAt(entry.service) }))
    .sort(compareAge)
  for (const { service, request } of ours) {
    const { addresses, pool } = assignmentOf(state, service, request)
    const verdict = judge(state, request, addresses, pool)
    if (addresses.length > 0 && verdict.stays) hold(state, request, { addresses, pool: verdict.pool })
  }
  return ours.map(({ key }) => key)
}

/** Puts another configuration in force; the keys of the Services that it may concern, to be reconciled in this order. */
export function configure(state: AllocatorState, configuration: Configuration): ServiceKey[] {
  state.configuration = configuration
  state.ledger = new Ledger(configuration)
  for (const { request, addresses } of state.assignments.values()) {
    state.ledger.hold(request.service, addresses, request.sharing)
  }
  const moved = [...state.assignments.values()].filter(({ request, addresses, pool }) => {
    const verdict = judge(state, request, addresses, pool)
    return !verdict.stays || verdict.pool !== pool
  })
  return [...new Set([...moved.map(({ request }) => request.service), ...waiting(state)])]
}

/** Services whose wishes are not granted, oldest first: the order in which to try again. */
export function waiting({ refused }: AllocatorState): ServiceKey[] {
  const entries = [...refused].map(([key, { createdAt }]) => ({ key, createdAt }))
  return entries.sort(compareAge).map(({ key }) => key)
}

/** The Service is gone: frees what it held. Whether that was anything, so that others who wait may have it. */
export function forget(state: AllocatorState, service: ServiceKey): boolean {
  state.refused.delete(service)
  return drop(state, service)
}

/**
 * Decides for one Service and changes `state` to match; calling it again with the same object changes nothing more.
 *
 * A Service that has an address keeps it while what it asks for instead cannot be granted. What the state knows counts
 * before what the object's status says, so that a status wiped or overwritten is restored.
 */
export function reconcileService(state: AllocatorState, service: Service): Decision {
  const request = readRequest(service)
  if (!isOurs(service, state.loadBalancerClass)) return abandon(state, service, request)

  const before = state.assignments.get(request.service)
  const current = assignmentOf(state, service, request)
  const verdict = judge(state, request, current.addresses, current.pool)
  const has = current.addresses.length > 0
  // Without any accepted pool two Services on one address are left as they are: nothing is released for want of pools.
  const settled = state.configuration.pools.size > 0
  const kept = has && verdict.stays ? { ...current, pool: verdict.pool } : null
  if (kept === null && settled) drop(state, request.service)

  const { assignment, refusal } =
    kept === null || !verdict.stays ? fresh(state, request) : wished(state, request, kept, verdict)
  if (assignment !== null) hold(state, request, assignment)

  const write = writeFor(state, service, assignment)
  const events: ServiceEvent[] = []
  if (has && !verdict.stays && settled) events.push(clearedEvent(current.addresses, verdict.cause))
  if (write === 'assign' && assignment !== null && !shows(service, assignment))
    events.push(assignedEvent(assignment))
  events.push(...refusedEvent(state, request.service, refusal, assignment))
  if (write !== 'none') events.push(...deprecatedEvents(service))
  note(state, service, request.service, refusal)

  const after = assignment?.addresses ?? []
  const lost = (before?.addresses ?? []).some(
    (address) => !after.some((other) => sameAddress(address, other)),
  )
  const shareable = before !== undefined && !sameSharing(before.request.sharing, request.sharing)
  return {
    write,
    addresses: after,
    pool: assignment?.pool ?? null,
    refusal,
    events,
    freed: lost || shareable,
  }
}

/** The Service is not, or no longer, for us: an address of ours is taken back, anybody else's left alone. */
function abandon(state: AllocatorState, service: Service, { service: key }: Request): Decision {
  const freed = forget(state, key)
  const marked = recordedPool(service) !== null
  const write = (freed && ingressOf(service).length > 0) || marked ? 'release' : 'none'
  return { write, addresses: [], pool: null, refusal: null, events: [], freed }
}

interface Outcome {
  readonly assignment: Assignment | null
  readonly refusal: Refusal | null
}

function fresh(state: AllocatorState, request: Request): Outcome {
  const allocation = allocate(state, request)
  if ('assignment' in allocation)
    return { assignment: allocation.assignment, refusal: secondMissing(request, allocation.assignment) }
  return { assignment: null, refusal: allocation.refusal }
}

/** With what it has, or with what it wishes where that can be granted. */
function wished(state: AllocatorState, request: Request, kept: Assignment, { extensible }: Kept): Outcome {
  if (request.problem !== null) return { assignment: kept, refusal: request.problem }
  const missing = request.families.filter(
    (family) => !kept.addresses.some((address) => address.family === family),
  )
  const wishesOther =
    (request.pool !== null && request.pool !== kept.pool) ||
    (request.addresses.length > 0 && !sameSet(request.addresses, kept.addresses)) ||
    missing.length === request.families.length
  if (wishesOther) {
    const allocation = allocate(state, request)
    if ('refusal' in allocation) return { assignment: kept, refusal: allocation.refusal }
    return { assignment: allocation.assignment, refusal: secondMissing(request, allocation.assignment) }
  }
  const [family] = missing
  return family === undefined || request.addresses.length > 0
    ? { assignment: kept, refusal: null }
    : extended(state, request, kept, extensible, family)
}

/** With an address of the other family beside the one that it has: from the same pool, or where it must, both anew. */
function extended(
  state: AllocatorState,
  request: Request,
  kept: Assignment,
  pool: Kept['extensible'],
  family: Family,
): Outcome {
  const second = pool === null ? null : available(state, request, pool, family)
  if (second !== null)
    return { assignment: { ...kept, addresses: [...kept.addresses, second] }, refusal: null }
  const allocation = request.dualStack === 'required' ? allocate(state, request) : null
  if (allocation !== null && 'assignment' in allocation)
    return { assignment: allocation.assignment, refusal: null }
  return { assignment: kept, refusal: { reason: 'SecondFamilyUnavailable', pool: kept.pool, family } }
}

/** What PreferDualStack still lacks after an allocation of one family. */
function secondMissing({ families }: Request, { addresses, pool }: Assignment): Refusal | null {
  const family = families.find((family) => !addresses.some((address) => address.family === family))
  return family === undefined ? null : { reason: 'SecondFamilyUnavailable', pool, family }
}

/** What the state knows, else what the object shows; of these the addresses of the Service's families. */
function assignmentOf(state: AllocatorState, service: Service, request: Request): Assignment {
  const { addresses, pool } = state.assignments.get(request.service) ?? {
    addresses: shownAddresses(service),
    pool: recordedPool(service),
  }
  const fitting = addresses.filter(({ family }) => request.families.includes(family))
  // The primary family of a Service never changes, so one without fitting address is in transition: keep what it has.
  return { addresses: fitting.length === 0 ? addresses : fitting, pool }
}

/** The addresses of its ingress, or none where they cannot be ours: a host name, three of them, two of one family. */
function shownAddresses(service: Service): Address[] {
  const texts = ingressOf(service).flatMap(({ ip = '' }) => (ip === '' ? [] : [ip]))
  const addresses = texts.flatMap((text) => parseAddress(text) ?? [])
  const distinct = new Set(addresses.map(({ family }) => family)).size === texts.length
  return distinct ? addresses : []
}

function ingressOf(
  service: Service,
): NonNullable<NonNullable<NonNullable<Service['status']>['loadBalancer']>['ingress']> {
  return service.status?.loadBalancer?.ingress ?? []
}

function writeFor(state: AllocatorState, service: Service, assignment: Assignment | null): Decision['write'] {
  if (state.configuration.pools.size === 0 && (assignment === null || assignment.pool === null)) return 'none'
  if (assignment === null)
    return ingressOf(service).length > 0 || recordedPool(service) !== null ? 'release' : 'none'
  return shows(service, assignment) && recordedPool(service) === assignment.pool ? 'none' : 'assign'
}

/** Whether the ingress is what we would write, after the API server's defaults. */
function shows(service: Service, { addresses }: Assignment): boolean {
  const ingress = ingressOf(service)
  return (
    ingress.length === addresses.length &&
    addresses.every((address, index) => {
      const { ip, hostname = '', ipMode = 'VIP' } = ingress[index] ?? {}
      const shown = parseAddress(ip ?? '')
      return hostname === '' && ipMode === 'VIP' && shown !== null && sameAddress(shown, address)
    })
  )
}

function note(state: AllocatorState, service: Service, key: ServiceKey, refusal: Refusal | null): void {
  if (refusal === null) state.refused.delete(key)
  else state.refused.set(key, { refusal, createdAt: createdAt(service) })
}

function createdAt({ metadata }: Service): string {
  return metadata?.creationTimestamp ?? ''
}

function sameSet(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every((address) => b.some((other) => sameAddress(address, other)))
}
