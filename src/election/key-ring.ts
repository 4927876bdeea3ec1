// Which keys sign hellos and are accepted while the cluster's secret changes. Nodes see a change minutes apart, and some
// skip a secret that was soon replaced; meanwhile nobody may become deaf to the others. Reads no file and checks no frame.
import { type HelloKey, MAX_KEYS, helloKey } from '../packet/index.ts'
import { KEY_ROLLOVER_MS, OLD_KEYS_MS } from './timing.ts'

/** The keys of one speaker, for all its interfaces. All times: ms of one monotonic clock. */
export class KeyRing {
  /** Newest first. */
  #keys: readonly [HelloKey, ...HelloKey[]]
  #signing: HelloKey
  #changedAt = -Infinity
  /** By instance: ids of the keys that it accepts. */
  readonly #heard = new Map<string, readonly number[]>()
  #nextAt = Infinity
  #ordered: readonly [HelloKey, ...HelloKey[]]

  /** With a secret that is not known to have replaced another. */
  constructor(secret: Uint8Array) {
    this.#signing = helloKey(secret)
    this.#keys = [this.#signing]
    this.#ordered = this.#keys
  }

  /** The secret is this one now; it may be one that was replaced before. */
  change(secret: Uint8Array, now: number): void {
    const newest = helloKey(secret)
    if (newest.id === this.#keys[0].id) return
    this.keys(now) // lest something older comes back to life
    const older = this.#keys.filter(({ id }) => id !== newest.id)
    if (older.length === MAX_KEYS)
      older.splice(
        older.findLastIndex(({ id }) => id !== this.#signing.id),
        1,
      )
    this.#keys = [newest, ...older]
    this.#changedAt = now
    this.#nextAt = -Infinity
  }

  /** A living peer accepts the keys with these ids. To be called for every hello that was not refused. */
  heard(instance: string, keyIds: readonly number[]): void {
    const before = this.#heard.get(instance)
    if (before?.length === keyIds.length && keyIds.every((id, at) => id === before[at])) return
    this.#heard.set(instance, keyIds)
    this.#nextAt = -Infinity
  }

  /** The peer is dead: nobody waits for it. */
  forget(instance: string): void {
    if (this.#heard.delete(instance)) this.#nextAt = -Infinity
  }

  /** When `keys` is no longer what it was: in the past after a change, `Infinity` when only another change can do it. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** For `Sealing.keys`: the first signs, all are accepted. */
  keys(now: number): readonly [HelloKey, ...HelloKey[]] {
    if (now >= this.#nextAt) this.#settle(now)
    return this.#ordered
  }

  #settle(now: number): void {
    if (now >= this.#changedAt + OLD_KEYS_MS) this.#keys = [this.#keys[0]]
    const isRolling = now < this.#changedAt + KEY_ROLLOVER_MS
    this.#signing = this.#choose(isRolling)
    this.#ordered = [this.#signing, ...this.#keys.filter(({ id }) => id !== this.#signing.id)]
    if (this.#keys.length === 1) this.#nextAt = Infinity
    else this.#nextAt = this.#changedAt + (isRolling ? KEY_ROLLOVER_MS : OLD_KEYS_MS)
  }

  /**
   * The newest that everybody accepts: an older one again, when somebody appears who has not seen the change. If there is
   * none, somebody was started since and never knew the old one: those who did go first. After the rollover nobody waits
   * for who is behind, only for who is ahead: he may have skipped the newest that we have, and ours has yet to come.
   */
  #choose(isRolling: boolean): HelloKey {
    const own = new Set(this.#keys.map(({ id }) => id))
    const heeded = [...this.#heard.values()].filter((ids) => isRolling || ids.some((id) => !own.has(id)))
    const common = this.#keys.find(({ id }) => heeded.every((ids) => ids.includes(id)))
    return common ?? (isRolling ? this.#signing : this.#keys[0])
  }
}
