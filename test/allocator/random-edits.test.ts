import test from 'node:test'
import { runHistories } from './replay.ts'

test('whatever users and administrators edit, Services have what the rules give them', () => {
  runHistories({
    file: 'random-edits.test.ts',
    weights: {
      put: 10,
      delete: 4,
      pool: 3,
      configure: 2,
      work: 6,
      settle: 3,
    },
    shared: 3,
    paceMs: 300_000,
  })
})
