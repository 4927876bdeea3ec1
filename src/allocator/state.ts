// What the allocator knows: the configuration, who holds what, who waits. Rebuilt from the cluster's objects alone.
import type { Service } from '../api/index.ts'
import type { Configuration } from '../config/index.ts'
import { type Address, sameAddress } from '../ip/index.ts'
import { Ledger } from './ledger.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import type { Request } from './request.ts'
import { sameSharing } from './sharing.ts'
import type { PoolUsage } from './usage.ts'
import { WaitingList } from './waiting-list.ts'

export interface Assignment {
  /** In the order of the Service's ingress. */
  readonly addresses: readonly Address[]
  /** `null` while no accepted configuration can tell. */
  readonly pool: string | null
  /** Why it stays although no pool permits it now, or `null`. */
  readonly exception: Refusal | null
}

/** Addresses that a Service had and may not keep. */
export interface Loss {
  readonly addresses: readonly Address[]
  readonly cause: Refusal
}

/** For whom, as it was asked when last looked at. */
type Held = Assignment & { readonly request: Request }

/** Changed only by the functions of this folder. */
export interface AllocatorState {
  configuration: Configuration
  readonly ledger: Ledger
  /** The class of the Services that are ours; `null`: those without a class. */
  readonly loadBalancerClass: string | null
  readonly assignments: Map<ServiceKey, Held>
  /** Services that keep what no pool would give them now: the first to look at when a configuration changes. */
  readonly exceptional: Set<ServiceKey>
  /** Addresses given up whose Service still shows them: nobody else has them until it does not. */
  readonly leaving: Map<ServiceKey, readonly Address[]>
  /** What was taken from Services that still show it, and why: it is told with the write that ends that. */
  readonly losses: Map<ServiceKey, Loss>
  /** Services with a wish that is not granted, whether they hold an address or not. */
  readonly refused: WaitingList
  /** Services that were woken for room in these pools and have not been reconciled since. */
  readonly invited: Map<ServiceKey, Set<string>>
}

export function createState(configuration: Configuration, loadBalancerClass: string | null): AllocatorState {
  return {
    configuration,
    ledger: new Ledger(configuration),
    loadBalancerClass,
    assignments: new Map(),
    exceptional: new Set(),
    leaving: new Map(),
    losses: new Map(),
    refused: new WaitingList(),
    invited: new Map(),
  }
}

/** Time goes on: addresses given up a while ago are as good as others. `now` in ms of a clock that never goes back. */
export function advance({ ledger }: AllocatorState, now: number): void {
  ledger.advance(now)
}

/** What a Service is to have from now on, of what its object shows. */
export interface Settlement {
  readonly request: Request
  /** `null`: nothing. */
  readonly assignment: Assignment | null
  /** What the object shows: given up, it stays out of others' reach until it shows it no more. */
  readonly shown: readonly Address[]
  /** What it had until now, or `null`: nothing is taken from it. */
  readonly lost: Loss | null
}

/** What others can have now that they could not have before. */
export interface Vacancy {
  /** Nobody's, or open to others on other terms than before. */
  readonly addresses: readonly Address[]
  /** Under which others may join those that are still somebody's. */
  readonly sharingKeys: ReadonlySet<string>
}

/** Puts a settlement into effect. */
export function settle(state: AllocatorState, { request, assignment, shown, lost }: Settlement): Vacancy {
  const { ledger, assignments, exceptional, leaving, losses } = state
  const { service, sharing } = request
  const before = assignments.get(service)
  const kept = assignment?.addresses ?? NONE
  const shownStill = without(shown, kept)
  const gone = without(without(joined(before?.addresses, leaving.get(service)), kept), shownStill)
  const keys =
    gone.length === 0 ? NO_KEYS : new Set(gone.flatMap((each) => [...ledger.release(service, each)]))
  for (const address of shownStill) ledger.leave(service, address, sharing)
  ledger.hold(service, kept, sharing)
  if (shownStill.length > 0) leaving.set(service, shownStill)
  else leaving.delete(service)
  const loss = lost ?? losses.get(service)
  if (loss?.addresses.some((address) => isAmong(address, shownStill))) losses.set(service, loss)
  else losses.delete(service)
  if (assignment === null) assignments.delete(service)
  else
    assignments.set(service, {
      addresses: kept,
      pool: assignment.pool,
      exception: assignment.exception,
      request,
    })
  if (assignment === null || assignment.exception === null) exceptional.delete(service)
  else exceptional.add(service)
  const opened = openedTo(before, request, kept)
  if (opened.length === 0) return gone.length === 0 ? NOTHING_VACANT : { addresses: gone, sharingKeys: keys }
  return { addresses: [...gone, ...opened], sharingKeys: new Set([...keys, sharing.key]) }
}

/** Of what the Service has, what others may use now who could not before: it has it newly, or on other terms. */
function openedTo(
  before: Held | undefined,
  { sharing }: Request,
  kept: readonly Address[],
): readonly Address[] {
  if (before !== undefined && !sameSharing(before.request.sharing, sharing)) return kept
  return sharing.key === '' ? NONE : without(kept, before?.addresses ?? NONE)
}

/** Frees whatever the Service has or shows. */
export function vacate(state: AllocatorState, service: ServiceKey): Vacancy {
  const { ledger, assignments, exceptional, leaving, losses } = state
  const addresses = joined(assignments.get(service)?.addresses, leaving.get(service))
  assignments.delete(service)
  exceptional.delete(service)
  leaving.delete(service)
  losses.delete(service)
  const keys = addresses.flatMap((address) => [...ledger.release(service, address)])
  return { addresses, sharingKeys: new Set(keys) }
}

const NONE: readonly Address[] = []
const NO_KEYS: ReadonlySet<string> = new Set()
const NOTHING_VACANT: Vacancy = { addresses: NONE, sharingKeys: NO_KEYS }

function joined(a: readonly Address[] = NONE, b: readonly Address[] = NONE): readonly Address[] {
  return b.length === 0 ? a : [...a, ...b]
}

function without(list: readonly Address[], others: readonly Address[]): readonly Address[] {
  return list.length === 0 || others.length === 0 ? list : list.filter((address) => !isAmong(address, others))
}

export function isAmong(address: Address, list: readonly Address[]): boolean {
  return list.some((other) => sameAddress(address, other))
}

/** Of all accepted pools, by name. */
export function poolUsage({ ledger }: AllocatorState): Map<string, PoolUsage> {
  return ledger.usage()
}

/** How many Services have an address of a pool, by its name; of pools that are gone nothing, whoever keeps theirs. */
export function servicesByPool({ assignments, configuration }: AllocatorState): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { pool } of assignments.values()) {
    if (pool === null || !(configuration.pools.has(pool) || configuration.refusedPools.has(pool))) continue
    counts.set(pool, (counts.get(pool) ?? 0) + 1)
  }
  return counts
}

/** Whether the Service is one that we give addresses to. */
export function isOurs({ spec }: Service, loadBalancerClass: string | null): boolean {
  return spec?.type === 'LoadBalancer' && (spec.loadBalancerClass ?? null) === loadBalancerClass
}
