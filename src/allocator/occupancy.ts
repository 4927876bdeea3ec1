// Which addresses of one pool and family are taken. Finds the first free one without looking at the taken ones.
import type { Range } from '../ip/index.ts'

/** One range as the sorted runs of its taken addresses: 60,000 taken in a row are one run. */
class RangeOccupancy {
  readonly range: Range
  readonly #avoids: (value: bigint) => boolean
  readonly #firsts: bigint[] = []
  readonly #lasts: bigint[] = []

  /** @param avoids addresses never given out; they count as taken, so that no search meets them. */
  constructor(range: Range, avoids: (value: bigint) => boolean) {
    this.range = range
    this.#avoids = avoids
    const last = this.#afterAvoided(range.first) - 1n
    if (last >= range.first) this.#insert(0, range.first, last)
  }

  take(value: bigint): void {
    const index = this.#runAt(value)
    if ((this.#firsts[index] ?? value + 1n) <= value) return
    this.#insert(index, value, this.#afterAvoided(value + 1n) - 1n)
  }

  free(value: bigint): void {
    const index = this.#runAt(value)
    const first = this.#firsts[index]
    const last = this.#lasts[index]
    if (first === undefined || last === undefined || first > value) return
    const left = first < value ? [[first, value - 1n] as const] : []
    const right = value < last ? [[value + 1n, last] as const] : []
    const parts = [...left, ...right]
    this.#firsts.splice(index, 1, ...parts.map(([start]) => start))
    this.#lasts.splice(index, 1, ...parts.map(([, end]) => end))
  }

  firstFree(): bigint | null {
    const [first] = this.#firsts
    const [last] = this.#lasts
    if (first === undefined || last === undefined || first > this.range.first) return this.range.first
    return last < this.range.last ? last + 1n : null
  }

  /** The first address from `value` on that is not avoided. */
  #afterAvoided(value: bigint): bigint {
    let next = value
    while (next <= this.range.last && this.#avoids(next)) next += 1n
    return next
  }

  /** Index of the first run that ends at `value` or after it. */
  #runAt(value: bigint): number {
    let low = 0
    let high = this.#lasts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#lasts[middle] ?? 0n) < value) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Puts a run before that at `index`, and joins it with the runs that it touches. */
  #insert(index: number, first: bigint, last: bigint): void {
    let [start, end, from, count] = [first, last, index, 0]
    const before = this.#lasts[index - 1]
    const after = this.#firsts[index]
    if (before !== undefined && before + 1n >= first) {
      if (after === undefined || after > last + 1n) {
        this.#lasts[index - 1] = last // as a rule: the next free address is taken
        return
      }
      from -= 1
      count += 1
      start = this.#firsts[from] ?? start
    }
    for (let next; (next = this.#firsts[from + count]) !== undefined && next <= end + 1n; count++) {
      const nextEnd = this.#lasts[from + count] ?? end
      if (nextEnd > end) end = nextEnd
    }
    this.#firsts.splice(from, count, start)
    this.#lasts.splice(from, count, end)
  }
}

/** Where an address stands in the order of assignment: its range among the pool's, then its value. */
export interface Position {
  readonly range: number
  readonly value: bigint
}

export class Occupancy {
  /** In the order of assignment. */
  readonly #ranges: readonly RangeOccupancy[]
  /** Indices into `#ranges`, by first address. */
  readonly #sorted: readonly number[]
  /** No range before it has a free address. */
  #cursor = 0

  /** @param ranges of one family, not overlapping, in the order of assignment. */
  constructor(ranges: readonly Range[], avoids: (value: bigint) => boolean) {
    this.#ranges = ranges.map((range) => new RangeOccupancy(range, avoids))
    this.#sorted = ranges
      .map((range, index) => ({ first: range.first, index }))
      .sort((a, b) => (a.first < b.first ? -1 : 1))
      .map(({ index }) => index)
  }

  /** Whether one of the ranges has it, which may be taken already. */
  take(value: bigint): boolean {
    const range = this.#ranges[this.#indexOf(value)]
    if (range === undefined || value < range.range.first) return false
    range.take(value)
    return true
  }

  free(value: bigint): void {
    const index = this.#indexOf(value)
    this.#ranges[index]?.free(value)
    this.#cursor = Math.min(this.#cursor, index)
  }

  firstFree(): Position | null {
    for (; this.#cursor < this.#ranges.length; this.#cursor++) {
      const value = this.#ranges[this.#cursor]?.firstFree() ?? null
      if (value !== null) return { range: this.#cursor, value }
    }
    return null
  }

  /** `null` when none of the ranges has it. */
  positionOf(value: bigint): Position | null {
    const index = this.#indexOf(value)
    return (this.#ranges[index]?.range.first ?? value + 1n) <= value ? { range: index, value } : null
  }

  #indexOf(value: bigint): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      const range = this.#ranges[this.#sorted[middle] ?? 0]?.range
      if (range !== undefined && range.last < value) low = middle + 1
      else high = middle
    }
    return this.#sorted[low] ?? this.#ranges.length
  }
}

export function isBefore(a: Position, b: Position): boolean {
  return a.range === b.range ? a.value < b.value : a.range < b.range
}
