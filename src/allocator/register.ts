// Between the objects and the state: start, another configuration, a Service that is gone. Gives nothing out.
import type { Service } from '../api/index.ts'
import { type Configuration, type Pool, samePool, whyForbidden } from '../config/index.ts'
import type { RangeSet } from '../ip/index.ts'
import { compareAge } from './age-order.ts'
import { keep } from './keep.ts'
import { judgeByPools } from './judge.ts'
import { type Refusal, type ServiceKey, explain } from './refusal.ts'
import { keyOf, readRequest } from './request.ts'
import { isLeftBehind, possessionOf, readShown } from './shown.ts'
import { type AllocatorState, isOurs, settle, vacate } from './state.ts'
import { wake } from './wake.ts'
import type { Waiting } from './waiting-list.ts'

/**
 * Takes what the Services show for theirs, the older first where two exclude each other.
 *
 * @returns the keys of the Services to be reconciled, in this order: ours, oldest first, then those that were ours.
 */
export function registerAll(state: AllocatorState, services: Iterable<Service>): ServiceKey[] {
  const ours = [...services]
    .filter((service) => isOurs(service, state.loadBalancerClass))
    .map((service) => ({ service, request: readRequest(service) }))
    .map((entry) => ({ ...entry, key: entry.request.service, createdAt: entry.request.createdAt }))
    .sort(compareAge)
  for (const { service, request } of ours) {
    const shown = readShown(service)
    const { kept: assignment, lost } = keep(state, request, possessionOf(shown))
    settle(state, { request, assignment, shown: shown.addresses, lost })
  }
  const left = [...services].filter((service) => isLeftBehind(service, readShown(service)))
  return [...ours.map(({ key }) => key), ...left.map(keyOf)]
}

/**
 * Puts another configuration in force. Looks at what lies in pools that are not as they were, and at who waits.
 *
 * @returns the keys of the Services that it concerns, in the order to reconcile them.
 */
export function configure(state: AllocatorState, configuration: Configuration): ServiceKey[] {
  const before = state.configuration
  state.configuration = configuration
  const placedAnew = state.ledger.reconfigure(configuration)
  const holders = new Set<ServiceKey>()
  for (const keys of [placedAnew, state.exceptional]) {
    for (const key of keys) if (isJudgedAnew(state, key)) holders.add(key)
  }
  const changes = changedPools(before, configuration)
  const known = before.pools.size > 0 === configuration.pools.size > 0
  const waiting = [...state.refused.all]
    .filter((entry) => !known || changes.some((change) => concerns(state, change, entry)))
    .map(({ request: { service, createdAt } }) => ({ key: service, createdAt }))
    .sort(compareAge)
  return [...new Set([...holders, ...waiting.map(({ key }) => key)])]
}

/** Whether the Service's assignment is not what it was in the light of the configuration. */
function isJudgedAnew(state: AllocatorState, key: ServiceKey): boolean {
  const assignment = state.assignments.get(key)
  if (assignment === undefined) return false
  const { request, addresses, pool, exception } = assignment
  const verdict = judgeByPools(state, request, addresses, pool) // who shares with whom is as it was
  return !verdict.stays || verdict.pool !== pool || !isSame(verdict.exception, exception)
}

function isSame(a: Refusal | null, b: Refusal | null): boolean {
  return a?.reason === b?.reason && (a === null || b === null || explain(a) === explain(b))
}

interface PoolChange {
  readonly name: string
  /** As it was and as it is, where it was or is accepted. */
  readonly accepted: readonly Pool[]
  /** Before or now. */
  readonly isRefused: boolean
  /** Before and now, accepted or not. */
  readonly addresses: readonly RangeSet[]
}

function changedPools(before: Configuration, now: Configuration): PoolChange[] {
  const names = [before, now].flatMap(({ pools, refusedPools }) => [...pools.keys(), ...refusedPools.keys()])
  return [...new Set(names)].flatMap((name) => {
    const [was, is] = [before.pools.get(name), now.pools.get(name)]
    const [wasRefused, isRefused] = [before.refusedPools.get(name), now.refusedPools.get(name)]
    const same = was !== undefined && is !== undefined ? samePool(was, is) : was === is
    if (same && wasRefused?.addresses === isRefused?.addresses) return []
    const accepted = [was, is].filter((pool) => pool !== undefined)
    const all = [...accepted, wasRefused, isRefused].filter((pool) => pool !== undefined)
    const refused = wasRefused !== undefined || isRefused !== undefined
    return [{ name, accepted, isRefused: refused, addresses: all.map(({ addresses }) => addresses) }]
  })
}

/** Whether what the Service waits for, or the reason why it waits, may be another after this change. */
function concerns(
  { assignments }: AllocatorState,
  { name, accepted, isRefused, addresses }: PoolChange,
  { request }: Waiting,
): boolean {
  if (request.pool === name || assignments.get(request.service)?.pool === name) return true
  if (request.addresses.length > 0) {
    return request.addresses.some((address) => addresses.some((set) => set.contains(address)))
  }
  return request.pool === null && (isRefused || accepted.some((pool) => whyForbidden(pool, request) === null))
}

/** The Service is gone: frees what it held. Whom to reconcile, as they wait for it. */
export function forget(state: AllocatorState, service: ServiceKey): readonly ServiceKey[] {
  state.refused.delete(service)
  return wake(state, service, vacate(state, service))
}
