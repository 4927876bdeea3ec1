// One IPAddressPool, read and judged by itself. Overlaps with others: configuration.ts.
import type { IPAddressPool, Namespace } from '../api/index.ts'
import { type ParsedRange, type Range, RangeSet, formatRange, parseRange, quote } from '../ip/index.ts'
import { firstDouble } from './doubles.ts'
import type { Pool, RefusedPool, ServiceAllocation } from './pool.ts'
import type { Problem } from './refusal.ts'
import type { Reservations } from './reservation.ts'
import { parseSelectors, selects } from './selector.ts'

export type ParsedPool =
  { readonly pool: Pool } | { readonly refused: RefusedPool; readonly problem: Problem }

/** What a pool is judged against, besides itself. */
export interface PoolSurroundings {
  readonly namespaces: readonly Namespace[]
  readonly reservations: Reservations
}

export function parsePool(
  { metadata, spec }: IPAddressPool,
  { namespaces, reservations }: PoolSurroundings,
): ParsedPool {
  const reference = { name: metadata.name ?? '', labels: metadata.labels ?? {} }
  const entries = parseEntries(spec)
  const { ranges, addresses, excluded, problem } = entries
  const refuse = (why: Problem): ParsedPool => ({ refused: { ...reference, addresses }, problem: why })
  if (problem !== null) return refuse({ reason: 'InvalidAddresses', message: problem })
  const allocation = parseAllocation(spec.serviceAllocation, namespaces)
  if (allocation !== null && 'problem' in allocation) return refuse(allocation.problem)
  const reserved = reservations
    .within(addresses)
    .filter(({ range }) => addresses.overlap(excluded.without(range)) !== null)
  const { autoAssign = true, avoidBuggyIPs = false, drain = false } = spec
  const held = new RangeSet([...excluded, ...reserved.map(({ range }) => range)])
  const assignable = [...held].length === 0 ? ranges : ranges.flatMap((range) => held.without(range))
  const flags = { autoAssign, avoidBuggyIPs, drain }
  return { pool: { ...reference, ranges, addresses, assignable, excluded, reserved, ...flags, allocation } }
}

interface Entries {
  /** Those that could be read. */
  readonly ranges: readonly Range[]
  readonly addresses: RangeSet
  readonly excluded: RangeSet
  readonly problem: string | null
}

/** Lists of 10,000 entries are read once, not at every change of a Namespace. */
const read = new WeakMap<IPAddressPool['spec'], Entries>()

function parseEntries(spec: IPAddressPool['spec']): Entries {
  const before = read.get(spec)
  if (before !== undefined) return before
  const included = (spec.addresses ?? []).map(parseRange)
  const excluded = (spec.excludeAddresses ?? []).map(parseRange)
  const ranges = included.flatMap(rangeOf)
  const unread = firstProblem('', included) ?? firstProblem('spec.excludeAddresses: ', excluded)
  const empty = ranges.length === 0 ? 'the pool has no addresses' : null
  const entries: Entries = {
    ranges,
    addresses: new RangeSet(ranges),
    excluded: new RangeSet(excluded.flatMap(rangeOf)),
    problem: unread ?? empty ?? firstOverlap(ranges),
  }
  read.set(spec, entries)
  return entries
}

function rangeOf(entry: ParsedRange): Range[] {
  return 'range' in entry ? [entry.range] : []
}

function firstProblem(field: string, entries: readonly ParsedRange[]): string | null {
  const unread = entries.find((entry) => 'problem' in entry)
  return unread === undefined ? null : field + unread.problem
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

/** Whether what the pool is for depends on which namespaces there are, and on their labels. */
export function selectsNamespaces({ spec }: IPAddressPool): boolean {
  return (spec.serviceAllocation?.namespaceSelectors ?? []).length > 0
}

function parseAllocation(
  allocation: IPAddressPool['spec']['serviceAllocation'],
  all: readonly Namespace[],
): ServiceAllocation | { problem: Problem } | null {
  if (allocation === undefined || allocation === null) return null
  const { priority = 0, namespaces = [] } = allocation
  const double = firstDouble(namespaces)
  if (double !== null) {
    const message = `spec.serviceAllocation.namespaces: ${quote(double)} stands twice`
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
