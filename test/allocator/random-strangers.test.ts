import test from 'node:test'
import { runHistories } from './replay.ts'

test('whatever strangers write into a status, no Service loses, shares or receives an address against the rules', () => {
  runHistories({
    file: 'random-strangers.test.ts',
    weights: {
      put: 8,
      delete: 2,
      pool: 2,
      configure: 2,
      overwrite: 4,
      duplicate: 3,
      work: 6,
      land: 2,
      restart: 1,
      wait: 2,
      settle: 3,
    },
    shared: 3,
    paceMs: 0,
  })
})
