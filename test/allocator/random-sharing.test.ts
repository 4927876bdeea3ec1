import test from 'node:test'
import { runHistories } from './replay.ts'

test('however Services change what they share and with whom, none is on an address with one that it does not suit', () => {
  runHistories({
    file: 'random-sharing.test.ts',
    weights: { put: 12, delete: 4, pool: 1, duplicate: 1, work: 6, land: 1, restart: 1, settle: 3 },
    shared: 9,
    paceMs: 300_000,
  })
})
