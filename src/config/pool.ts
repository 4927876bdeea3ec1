// One IPAddressPool, read and judged by itself, and which Services it is for. Overlaps with others: configuration.ts.
import type { IPAddressPool, Namespace } from '../api/index.ts'
import { type Address, type Range, RangeSet, formatRange, parseRange } from '../ip/index.ts'
import { firstDouble } from './doubles.ts'
import type { Problem } from './refusal.ts'
import { type Labels, type Selector, anySelects, parseSelectors, selects } from './selector.ts'

/** As much of a pool as an advertisement looks at. */
export interface PoolReference {
  readonly name: string
  readonly labels: Labels
}

export interface Pool extends PoolReference {
  /** In the order of `spec.addresses`, which is the order of assignment. */
  readonly ranges: readonly Range[]
  readonly addresses: RangeSet
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

export type ParsedPool =
  { readonly pool: Pool } | { readonly refused: RefusedPool; readonly problem: Problem }

export function parsePool({ metadata, spec }: IPAddressPool, namespaces: readonly Namespace[]): ParsedPool {
  const reference = { name: metadata.name ?? '', labels: metadata.labels ?? {} }
  const entries = (spec.addresses ?? []).map(parseRange)
  const ranges = entries.flatMap((entry) => ('range' in entry ? [entry.range] : []))
  const addresses = new RangeSet(ranges)
  const refuse = (problem: Problem): ParsedPool => ({ refused: { ...reference, addresses }, problem })

  const unread = entries.find((entry) => 'problem' in entry)
  if (unread !== undefined) return refuse({ reason: 'InvalidAddresses', message: unread.problem })
  if (ranges.length === 0) return refuse({ reason: 'InvalidAddresses', message: 'the pool has no addresses' })
  const double = firstOverlap(ranges)
  if (double !== null) return refuse({ reason: 'InvalidAddresses', message: double })
  const allocation = parseAllocation(spec.serviceAllocation, namespaces)
  if (allocation !== null && 'problem' in allocation) return refuse(allocation.problem)
  const { autoAssign = true, avoidBuggyIPs = false } = spec
  return { pool: { ...reference, ranges, addresses, autoAssign, avoidBuggyIPs, allocation } }
}

/** A sentence on the first two entries of one pool that have an address in common, or `null`. */
function firstOverlap(ranges: readonly Range[]): string | null {
  const sorted = ranges.toSorted((a, b) =>
    a.family === b.family
      ? Number(a.first > b.first) - Number(a.first < b.first)
      : a.family < b.family
        ? -1
        : 1,
  )
  for (const [index, range] of sorted.entries()) {
    const previous = sorted[index - 1]
    if (previous?.family === range.family && previous.last >= range.first) {
      return `${formatRange(range)} overlaps with already defined CIDR ${formatRange(previous)} of the same pool`
    }
  }
  return null
}

function parseAllocation(
  allocation: IPAddressPool['spec']['serviceAllocation'],
  all: readonly Namespace[],
): ServiceAllocation | { problem: Problem } | null {
  if (allocation === undefined || allocation === null) return null
  const { priority = 0, namespaces = [] } = allocation
  const double = firstDouble(namespaces)
  if (double !== null) {
    const message = `spec.serviceAllocation.namespaces: ${JSON.stringify(double)} stands twice`
    return { problem: { reason: 'InvalidServiceAllocation', message } }
  }
  const byLabel = parseSelectors('spec.serviceAllocation.namespaceSelectors', allocation.namespaceSelectors)
  const services = parseSelectors('spec.serviceAllocation.serviceSelectors', allocation.serviceSelectors)
  for (const parsed of [byLabel, services]) {
    if ('problem' in parsed)
      return { problem: { reason: 'InvalidServiceAllocation', message: parsed.problem } }
  }
  const namespaceSelectors = 'selectors' in byLabel ? byLabel.selectors : []
  const selected = all
    .filter(({ metadata }) =>
      namespaceSelectors.some((selector) => selects(selector, metadata?.labels ?? {})),
    )
    .map(({ metadata }) => metadata?.name ?? '')
  return {
    priority: priority === 0 ? Infinity : priority,
    namespaces:
      namespaces.length + namespaceSelectors.length === 0 ? null : new Set([...namespaces, ...selected]),
    serviceSelectors: 'selectors' in services ? services.selectors : [],
  }
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
