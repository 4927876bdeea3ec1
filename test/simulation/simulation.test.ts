import assert from 'node:assert/strict'
import test from 'node:test'
import { describe, playAll } from './run.ts'
import { play } from './scenarios.ts'

const SEEDS = 2000

test(`${SEEDS} clusters keep every promise for 100 s each; npm run sim -- --seed N shows one that does not`, async () => {
  assert.deepEqual((await playAll(1, SEEDS)).map(describe), [])
})

test('a seed plays the same each time', () => {
  const trace = (): string[] => {
    const lines: string[] = []
    play(3, { log: (line) => lines.push(line) })
    return lines
  }
  assert.deepEqual(trace(), trace())
})
