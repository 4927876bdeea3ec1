// Between the objects and the state: start, another configuration, a Service that is gone. Gives nothing out.
import type { Service } from '../api/index.ts'
import type { Configuration } from '../config/index.ts'
import { keep } from './keep.ts'
import { judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { ServiceKey } from './refusal.ts'
import { readRequest } from './request.ts'
import { type AllocatorState, compareAge, drop, hold, isOurs } from './state.ts'

/**
 * Takes what the Services show for theirs, the older first where two exclude each other.
 *
 * @returns the keys of the Services that are ours, oldest first, to be reconciled in this order.
 */
export function registerAll(state: AllocatorState, services: Iterable<Service>): ServiceKey[] {
  const ours = [...services]
    .filter((service) => isOurs(service, state.loadBalancerClass))
    .map((service) => ({ service, request: readRequest(service) }))
    .map((entry) => ({ ...entry, key: entry.request.service, createdAt: entry.request.createdAt }))
    .sort(compareAge)
  for (const { service, request } of ours) {
    const { kept } = keep(state, request, service)
    if (kept !== null) hold(state, request, kept)
  }
  return ours.map(({ key }) => key)
}

/** Puts another configuration in force; the keys of the Services that it may concern, in the order to reconcile them. */
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
