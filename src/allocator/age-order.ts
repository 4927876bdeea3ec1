// Services in the order of their age, kept sorted while they come and go.
import type { ServiceKey } from './refusal.ts'

export interface Aged {
  /** RFC 3339, in UTC: sorts as text. */
  readonly createdAt: string
  readonly key: ServiceKey
}

/** Older first; of the same second, which is all that creationTimestamp tells, by key. */
export function compareAge(a: Aged, b: Aged): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}

export class AgeOrder implements Iterable<Aged> {
  readonly #sorted: Aged[] = []

  get size(): number {
    return this.#sorted.length
  }

  add(entry: Aged): void {
    this.#sorted.splice(this.#indexOf(entry), 0, entry)
  }

  delete(entry: Aged): void {
    const index = this.#indexOf(entry)
    if (this.#sorted[index]?.key === entry.key) this.#sorted.splice(index, 1)
  }

  /** The oldest first. */
  [Symbol.iterator](): Iterator<Aged> {
    return this.#sorted[Symbol.iterator]()
  }

  /** Where the entry is, or would be. */
  #indexOf(entry: Aged): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareAge(this.#sorted[middle] as Aged, entry) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
