// Which addresses this node answers for and which it watches, on which interfaces: of all segments together, brought up to
// date by what changes, because of thousands of addresses the whole is dear. Pure.

import { isAnswering, type Transition } from '../election/index.ts'
import { formatAddress } from '../ip/index.ts'
import type { ClaimState } from '../packet/index.ts'
import type { ResponderTable, TableEntry } from '../wire/index.ts'

/** One address; another object when anything of it has changed. */
export interface Claimed extends TableEntry {
  /** For how long already, on each of its interfaces: ms, as `Transition.at`. */
  readonly since: readonly number[]
}

export class ClaimTable {
  /** By address as text, as the others. */
  readonly #held = new Map<string, Claimed>()
  readonly #watched = new Map<string, Claimed>()
  #table: ResponderTable | null = null

  /** A claim on the interface with this index has changed. */
  take(index: number, { address, from, to, at }: Transition): void {
    const text = formatAddress(address)
    const before = this.#entriesOf(from)
    if (before !== null) withdraw(before, text, index)
    const now = this.#entriesOf(to)
    if (now !== null) {
      // Joined, not spread: of thousands none needs room to grow.
      const { interfaceIndexes = [], since = [] } = now.get(text) ?? {}
      now.set(text, { address, interfaceIndexes: interfaceIndexes.concat(index), since: since.concat(at) })
    }
    this.#table = null
  }

  /** The interface with this index is gone, and every claim on it. */
  drop(index: number): void {
    for (const entries of [this.#held, this.#watched])
      for (const text of entries.keys()) withdraw(entries, text, index)
    this.#table = null
  }

  /** What this node answers for, by the address as text. */
  get held(): ReadonlyMap<string, Claimed> {
    return this.#held
  }

  /** What the responder has to know; another object when it changed. */
  get table(): ResponderTable {
    return (this.#table ??= { held: [...this.#held.values()], watched: [...this.#watched.values()] })
  }

  #entriesOf(state: ClaimState): Map<string, Claimed> | null {
    if (state === 'none') return null
    return isAnswering(state) ? this.#held : this.#watched
  }
}

/** Takes the interface out of the entry; an entry without one is none. */
function withdraw(entries: Map<string, Claimed>, text: string, index: number): void {
  const entry = entries.get(text)
  const place = entry?.interfaceIndexes.indexOf(index) ?? -1
  if (entry === undefined || place < 0) return
  const { address, interfaceIndexes, since } = entry
  if (interfaceIndexes.length === 1) entries.delete(text)
  else
    entries.set(text, {
      address,
      interfaceIndexes: interfaceIndexes.toSpliced(place, 1),
      since: since.toSpliced(place, 1),
    })
}
