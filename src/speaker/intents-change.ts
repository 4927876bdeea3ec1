// Intents as differences and back: between two threads everything is copied, and of thousands of addresses one changes.
// Pure.

import type { Candidate } from '../election/index.ts'
import { formatAddress } from '../ip/index.ts'
import type { AddressIntent, Intents, IntentsChange } from './intents.ts'

/** What has changed since the last intents; an address that has not is the same object in both. */
export function intentsChange(intents: Intents, last: readonly AddressIntent[]): IntentsChange {
  const known = new Set(last)
  const kept = new Set(intents.addresses)
  const changed = intents.addresses.filter((intent) => !known.has(intent))
  const changedTexts = new Set(changed.map(({ address }) => formatAddress(address)))
  const withdrawn = last.flatMap((intent) => {
    const text = formatAddress(intent.address)
    return kept.has(intent) || changedTexts.has(text) ? [] : [text]
  })
  return { ...intents, addresses: withSharedCandidates(changed), withdrawn }
}

/** Of equal candidates one object, with no more than the wire thread needs: a hundred nodes may hold each of thousands. */
function withSharedCandidates(intents: readonly AddressIntent[]): readonly AddressIntent[] {
  const known = new Map<string, Candidate>()
  const share = ({ node, score }: Candidate): Candidate => {
    const other = known.get(node)
    if (other?.score === score) return other
    const candidate = { node, score }
    known.set(node, candidate)
    return candidate
  }
  return intents.map((intent) => ({ ...intent, candidates: intent.candidates.map(share) }))
}

/** The whole again, from all changes one after the other. */
export class CopiedIntents {
  readonly #addresses = new Map<string, AddressIntent>()

  apply({ withdrawn, addresses, ...rest }: IntentsChange): Intents {
    for (const text of withdrawn) this.#addresses.delete(text)
    for (const intent of addresses) this.#addresses.set(formatAddress(intent.address), intent)
    return { ...rest, addresses: [...this.#addresses.values()] }
  }
}
