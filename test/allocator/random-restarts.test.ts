import test from 'node:test'
import { runHistories } from './replay.ts'

test('whenever the controller dies, and whatever of its writes arrives, the next one goes on as it would have', () => {
  runHistories({
    file: 'random-restarts.test.ts',
    weights: { put: 8, delete: 2, pool: 2, configure: 2, work: 8, land: 4, restart: 3, wait: 3, settle: 2 },
    shared: 3,
    paceMs: 0,
  })
})
