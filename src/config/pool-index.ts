// Which of many pools has an address, found by halving. The pools do not overlap: who would is told, and stays out.
import type { Address, Family, Range } from '../ip/index.ts'
import { intersect } from '../ip/index.ts'
import type { Pool } from './pool.ts'

interface Entry {
  readonly range: Range
  readonly pool: Pool
}

export class PoolIndex {
  /** Ascending. */
  readonly #entries: Record<Family, Entry[]> = { IPv4: [], IPv6: [] }

  /** Takes `pool` in, which must not overlap with those that are in it. */
  add(pool: Pool): void {
    for (const family of ['IPv4', 'IPv6'] as const) {
      const ranges = [...pool.addresses].filter((range) => range.family === family)
      this.#insert(
        family,
        ranges.map((range) => ({ range, pool })),
      )
    }
  }

  find({ family, value }: Address): Pool | null {
    const entry = this.#entries[family][this.#firstEndingAt(family, value)]
    return entry !== undefined && entry.range.first <= value ? entry.pool : null
  }

  /** The first addresses that a pool in it and `pool` both have, or `null`. */
  overlap(pool: Pool): { readonly common: Range; readonly with: Pool } | null {
    for (const range of pool.addresses) {
      const entry = this.#entries[range.family][this.#firstEndingAt(range.family, range.first)]
      const common = entry === undefined ? null : intersect(entry.range, range)
      if (entry !== undefined && common !== null) return { common, with: entry.pool }
    }
    return null
  }

  /** In one piece where nothing lies between them, as in most pools; sorting anew at each of 1,000 takes seconds. */
  #insert(family: Family, added: readonly Entry[]): void {
    const [first, last] = [added[0], added.at(-1)]
    if (first === undefined || last === undefined) return
    const entries = this.#entries[family]
    const index = this.#firstEndingAt(family, first.range.first)
    this.#entries[family] =
      index === this.#firstEndingAt(family, last.range.first)
        ? entries.slice(0, index).concat(added, entries.slice(index))
        : entries.concat(added).sort((a, b) => (a.range.first < b.range.first ? -1 : 1))
  }

  #firstEndingAt(family: Family, value: bigint): number {
    const entries = this.#entries[family]
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((entries[middle] as Entry).range.last < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
