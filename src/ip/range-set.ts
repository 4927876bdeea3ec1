// A set of addresses as sorted runs: membership by halving, sizes without counting. Immutable.
import type { Address, Family } from './address.ts'
import { type Range, intersect } from './range.ts'

/** Addresses of both families. Ranges that overlap or touch are joined. */
export class RangeSet implements Iterable<Range> {
  /** Ascending within each family, none touching the next. */
  readonly #runs: Readonly<Record<Family, readonly Range[]>>

  constructor(ranges: Iterable<Range>) {
    const all = [...ranges]
    this.#runs = {
      IPv4: joined(all.filter(({ family }) => family === 'IPv4')),
      IPv6: joined(all.filter(({ family }) => family === 'IPv6')),
    }
  }

  contains({ family, value }: Address): boolean {
    const run = this.#runs[family][firstEndingAt(this.#runs[family], value)]
    return run !== undefined && run.first <= value
  }

  /** The first run of addresses that both have, or `null`. O(n log m). */
  overlap(other: Iterable<Range>): Range | null {
    for (const range of other) {
      const run = this.#runs[range.family][firstEndingAt(this.#runs[range.family], range.first)]
      const common = run === undefined ? null : intersect(run, range)
      if (common !== null) return common
    }
    return null
  }

  /** The parts of `range` that are not in the set, ascending. */
  without(range: Range): Range[] {
    const parts: Range[] = []
    let { first } = range
    for (let hole; first <= range.last && (hole = this.overlap([{ ...range, first }])) !== null;) {
      if (first < hole.first) parts.push({ ...range, first, last: hole.first - 1n })
      first = hole.last + 1n
    }
    if (first <= range.last) parts.push({ ...range, first })
    return parts
  }

  size(family: Family): bigint {
    return this.#runs[family].reduce((sum, { first, last }) => sum + (last - first + 1n), 0n)
  }

  /** The runs, IPv4 first, ascending. */
  *[Symbol.iterator](): Iterator<Range> {
    yield* this.#runs.IPv4
    yield* this.#runs.IPv6
  }
}

/** Index of the first run that ends at `value` or after it; the length when none does. */
function firstEndingAt(runs: readonly Range[], value: bigint): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle] as Range).last < value) low = middle + 1
    else high = middle
  }
  return low
}

function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const range of ranges.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const previous = result.at(-1)
    if (previous === undefined || previous.last + 1n < range.first) result.push(range)
    else if (previous.last < range.last) result[result.length - 1] = { ...previous, last: range.last }
  }
  return result
}
