// Which of the intended addresses this node should hold. Until the speakers hear each other the first candidate holds:
// all of them have the same view, give or take a moment. Pure.

import type { Holding } from '../announcer/index.ts'
import { formatAddress } from '../ip/index.ts'
import type { Intents } from './intents.ts'

/**
 * `before` are the intents that held until now: an address that had another holder is taken over from it, at once; any
 * other has to be asked for.
 */
export function holdingsOf({ node, addresses }: Intents, before: Intents): readonly Holding[] {
  const holderBefore = new Map(
    before.addresses.map(({ address, candidates }) => [formatAddress(address), candidates[0]]),
  )
  return addresses
    .filter(({ candidates }) => candidates[0] === node)
    .map(({ address, interfaces }) => {
      const holder = holderBefore.get(formatAddress(address)) ?? node
      return { address, interfaces, claim: holder === node ? 'cold' : 'warm' }
    })
}
