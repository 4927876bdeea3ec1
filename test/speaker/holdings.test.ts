import assert from 'node:assert/strict'
import test from 'node:test'
import { parseAddress } from '../../src/ip/index.ts'
import { holdingsOf } from '../../src/speaker/holdings.ts'
import type { Intents } from '../../src/speaker/intents.ts'

const intents = (...candidates: readonly string[]): Intents => ({
  node: 'a',
  addresses: [{ address: parseAddress('192.0.2.50') ?? assert.fail(), candidates, interfaces: null }],
})
const nothing: Intents = { node: 'a', addresses: [] }

for (const [what, now, before, claims] of [
  ['an address that nobody was to hold is claimed cold', intents('a', 'b'), nothing, ['cold']],
  ['one that nobody could hold as well', intents('a'), intents(), ['cold']],
  ['one that another node held is taken over', intents('a', 'b'), intents('b', 'a'), ['warm']],
  ['one that is ours already stays cold to new interfaces', intents('a', 'b'), intents('a'), ['cold']],
  ['one of another first candidate is not ours', intents('b', 'a'), intents('a', 'b'), []],
] as const) {
  test(what, () =>
    assert.deepEqual(
      holdingsOf(now, before).map(({ claim }) => claim),
      claims,
    ),
  )
}
