import assert from 'node:assert/strict'
import test from 'node:test'
import type { AddressIntent, Intents } from '../../src/speaker/intents.ts'
import { CopiedIntents, intentsChange } from '../../src/speaker/intents-change.ts'
import { fc } from '../fast-check.ts'

const POSSIBLE: readonly AddressIntent[] = [1n, 2n, 3n, 4n].flatMap((value) =>
  ['a', 'b'].map((node) => ({
    address: { family: 'IPv4' as const, value },
    candidates: [{ node, score: 0 }],
    interfaces: null,
  })),
)

/** Of each address one intent at most. */
const listed = fc.uniqueArray(fc.constantFrom(...POSSIBLE), { selector: ({ address }) => address.value })

function intents(addresses: readonly AddressIntent[]): Intents {
  return { node: 'a', cluster: '00c0ffee00c0ffee', isStale: false, addresses, prospects: [] }
}

function sorted(addresses: readonly AddressIntent[]): AddressIntent[] {
  return addresses.toSorted((one, other) => Number(one.address.value - other.address.value))
}

test('the changes one after the other make the whole again', () => {
  fc.assert(
    fc.property(fc.array(listed), (history) => {
      const copy = new CopiedIntents()
      let last: readonly AddressIntent[] = []
      for (const addresses of history) {
        const change = structuredClone(intentsChange(intents(addresses), last))
        assert.deepEqual(sorted(copy.apply(change).addresses), sorted(addresses))
        last = addresses
      }
    }),
  )
})

test('of addresses that have not changed nothing is sent', () => {
  const [one, , two] = POSSIBLE as [AddressIntent, AddressIntent, AddressIntent]
  const { addresses, withdrawn } = intentsChange(intents([one, two]), [one])
  assert.deepEqual([addresses, withdrawn], [[two], []])
})
