// What has changed since when: names only, each once, so that it stays small however much changes. Whoever asks later
// gets the newest view of each name, which is all that a live page needs.

export type ChangeKind = 'pool' | 'service' | 'speaker' | 'transition'

export interface Change {
  readonly kind: ChangeKind
  readonly key: string
  readonly revision: number
}

/** More names than these since a reader was here last, and he lists everything anew. */
const REMEMBERED = 4096
/** Changes that come together are told together. */
const GATHER_MS = 100

export class ChangeLog {
  /** The oldest first. */
  readonly #changes = new Map<string, Change>()
  readonly #readers = new Set<() => void>()
  #revision = 0
  /** What came up to here may be forgotten. */
  #forgotten = 0
  #gathering = false

  /** Of the newest change. */
  get revision(): number {
    return this.#revision
  }

  /** Whether somebody wants to be told. */
  get isFollowed(): boolean {
    return this.#readers.size > 0
  }

  mark(kind: ChangeKind, key: string): void {
    const id = `${kind} ${key}`
    this.#changes.delete(id)
    this.#changes.set(id, { kind, key, revision: ++this.#revision })
    if (this.#changes.size > REMEMBERED) {
      const [[oldest, { revision }] = ['', { revision: 0 }]] = this.#changes
      this.#changes.delete(oldest)
      this.#forgotten = revision
    }
    if (this.#readers.size === 0 || this.#gathering) return
    this.#gathering = true
    setTimeout(() => this.#tell(), GATHER_MS).unref()
  }

  /** What has changed after `revision` was told of too early. */
  markAgain(revision: number): void {
    for (const { kind, key } of this.since(revision) ?? []) {
      if (kind !== 'transition') this.mark(kind, key)
    }
  }

  /** What has changed after `revision`, the oldest first; `null`: not all of it is remembered. */
  since(revision: number): Change[] | null {
    if (revision < this.#forgotten || revision > this.#revision) return null
    return [...this.#changes.values()].filter((change) => change.revision > revision)
  }

  /** Calls `reader` some time after changes until the function returned is called. */
  follow(reader: () => void): () => void {
    this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }

  #tell(): void {
    this.#gathering = false
    for (const reader of this.#readers) reader()
  }
}
