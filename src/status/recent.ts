// What came last, in memory, under keys by which it can be paged.

/** Keys count down, so that the newest sorts first. */
const LAST = 10 ** 12

export class Recent<T> {
  readonly #limit: number
  /** The oldest first. */
  readonly #entries = new Map<string, T>()
  #count = 0

  /** More than `limit` are not kept: the oldest go. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Returns its key. */
  add(entry: T): string {
    const key = String(LAST - ++this.#count)
    this.#entries.set(key, entry)
    const [oldest = ''] = this.#entries.keys()
    if (this.#entries.size > this.#limit) this.#entries.delete(oldest)
    return key
  }

  /** Of those that `matches` lets through, sorted, which is the newest first. */
  keys(matches: (entry: T) => boolean = () => true): string[] {
    return [...this.#entries].flatMap(([key, entry]) => (matches(entry) ? [key] : [])).reverse()
  }

  view(key: string): T | undefined {
    return this.#entries.get(key)
  }
}
