import assert from 'node:assert/strict'
import test from 'node:test'
import { Preemption } from '../../src/election/preemption.ts'

test('a reason has to last for the hold-down', () => {
  const preemption = new Preemption()
  assert.equal(preemption.dueAt(true, 5000, 1000), 6000)
  assert.equal(preemption.dueAt(true, 5000, 3000), 6000)
  assert.equal(preemption.dueAt(false, 5000, 4000), Infinity)
  assert.equal(preemption.dueAt(true, 5000, 5000), 10_000)
})

test('each preemption of the last ten minutes doubles the hold-down, up to five minutes', () => {
  const preemption = new Preemption()
  const waits: number[] = []
  for (let count = 0; count < 8; count++) {
    waits.push(preemption.dueAt(true, 5000, count * 10))
    preemption.take(count * 10)
  }
  assert.deepEqual(
    waits.map((at, count) => at - count * 10),
    [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000],
  )
  assert.equal(preemption.dueAt(true, 5000, 700_000), 705_000)
})
