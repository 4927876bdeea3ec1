// One IPAddressPool that holds, and which Services and addresses it is for. How it is read: parse-pool.ts.
import { type Address, type Range, type RangeSet, includes } from '../ip/index.ts'
import type { Reservation } from './reservation.ts'
import { type Labels, type Selector, anySelects } from './selector.ts'

/** As much of a pool as an advertisement looks at. */
export interface PoolReference {
  readonly name: string
  readonly labels: Labels
}

export interface Pool extends PoolReference {
  /** In the order of `spec.addresses`, which is the order of assignment. */
  readonly ranges: readonly Range[]
  readonly addresses: RangeSet
  /** `ranges` without what is excluded or reserved: what may be given out, in this order. */
  readonly assignable: readonly Range[]
  readonly excluded: RangeSet
  /** Addresses of the pool, not all of them excluded, that the cluster itself uses. */
  readonly reserved: readonly Reservation[]
  /** Nothing more is given out. */
  readonly drain: boolean
  readonly autoAssign: boolean
  readonly avoidBuggyIPs: boolean
  /** `null`: for every Service. */
  readonly allocation: ServiceAllocation | null
}

/** A Service must fulfil both `namespaces` and `serviceSelectors`. */
export interface ServiceAllocation {
  /** Lower comes first; not given is `Infinity`. */
  readonly priority: number
  /** `null`: every namespace. Empty when the selectors match none: then no Service. */
  readonly namespaces: ReadonlySet<string> | null
  readonly serviceSelectors: readonly Selector[]
}

/** What a pool the configuration refuses still tells: its assignments stay, so they must be found. */
export interface RefusedPool extends PoolReference {
  /** Those entries that could be read. */
  readonly addresses: RangeSet
}

/** Why the pool is not for Services of `namespace` with `labels`, or `null` when it is. */
export function whyForbidden(
  { allocation }: Pool,
  { namespace, labels }: { readonly namespace: string; readonly labels: Labels },
): 'namespace' | 'labels' | null {
  if (allocation === null) return null
  if (allocation.namespaces !== null && !allocation.namespaces.has(namespace)) return 'namespace'
  return anySelects(allocation.serviceSelectors, labels) ? null : 'labels'
}

/** Whether `avoidBuggyIPs` leaves the address out: old routers take .0 and .255 for network and broadcast. */
export function avoids({ avoidBuggyIPs }: Pool, { family, value }: Address): boolean {
  if (!avoidBuggyIPs || family === 'IPv6') return false
  const lastByte = value & 0xffn
  return lastByte === 0n || lastByte === 0xffn
}

/** Why an address of the pool is not given out; who has it already keeps it. */
export type Withholding =
  { readonly kind: 'excluded' } | { readonly kind: 'reserved'; readonly owner: string }

export function whyWithheld({ excluded, reserved }: Pool, address: Address): Withholding | null {
  if (excluded.contains(address)) return { kind: 'excluded' }
  const reservation = reserved.find(({ range }) => includes(range, address))
  return reservation === undefined ? null : { kind: 'reserved', owner: reservation.owner }
}

/** Whether both hand out the same addresses to the same Services. Their labels are of account to advertisements only. */
export function samePool(a: Pool, b: Pool): boolean {
  return (
    a === b ||
    (a.autoAssign === b.autoAssign &&
      a.avoidBuggyIPs === b.avoidBuggyIPs &&
      a.drain === b.drain &&
      sameRanges(a.ranges, b.ranges) &&
      sameRanges(a.assignable, b.assignable) &&
      sameAllocation(a.allocation, b.allocation))
  )
}

/** Whether both say the same to a Service that has an address of both. */
export function sameTerms(a: Pool, b: Pool): boolean {
  return (
    a.name === b.name &&
    a.avoidBuggyIPs === b.avoidBuggyIPs &&
    sameRanges([...a.excluded], [...b.excluded]) &&
    sameReserved(a.reserved, b.reserved) &&
    sameAllocation(a.allocation, b.allocation)
  )
}

function sameReserved(a: readonly Reservation[], b: readonly Reservation[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ range, owner }, index) => owner === b[index]?.owner && isSame(range, b[index].range))
  )
}

function sameRanges(a: readonly Range[], b: readonly Range[]): boolean {
  return a === b || (a.length === b.length && a.every((range, index) => isSame(range, b[index])))
}

function isSame(a: Range, b: Range | undefined): boolean {
  return b !== undefined && a.family === b.family && a.first === b.first && a.last === b.last
}

function sameAllocation(a: ServiceAllocation | null, b: ServiceAllocation | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.priority === b.priority &&
    sameNames(a.namespaces, b.namespaces) &&
    JSON.stringify(a.serviceSelectors) === JSON.stringify(b.serviceSelectors)
  )
}

function sameNames(a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): boolean {
  if (a === null || b === null) return a === b
  return a.size === b.size && [...a].every((name) => b.has(name))
}
