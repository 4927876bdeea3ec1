// What is due when: a binary heap, because thousands of addresses wait and only the next one matters.

interface Entry<T> {
  readonly at: number
  /** Order of arrival, so that equal times keep it. */
  readonly turn: number
  readonly item: T
}

export class DueQueue<T> {
  readonly #heap: Entry<T>[] = []
  #turn = 0

  /** When the first is due, or `null` when nothing waits. */
  get nextAt(): number | null {
    return this.#heap[0]?.at ?? null
  }

  get first(): T | undefined {
    return this.#heap[0]?.item
  }

  add(at: number, item: T): void {
    const entry = { at, turn: this.#turn++, item }
    let index = this.#heap.push(entry) - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      if (!isBefore(entry, this.#entry(above))) break
      this.#heap[index] = this.#entry(above)
      index = above
    }
    this.#heap[index] = entry
  }

  clear(): void {
    this.#heap.length = 0
  }

  removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      if (below >= this.#heap.length) break
      if (below + 1 < this.#heap.length && isBefore(this.#entry(below + 1), this.#entry(below))) below++
      if (!isBefore(this.#entry(below), last)) break
      this.#heap[index] = this.#entry(below)
      index = below
    }
    this.#heap[index] = last
  }

  #entry(index: number): Entry<T> {
    return this.#heap[index] as Entry<T>
  }
}

function isBefore<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.at === other.at ? one.turn < other.turn : one.at < other.at
}
