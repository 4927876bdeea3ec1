import assert from 'node:assert/strict'
import test from 'node:test'
import { Repetition } from '../../src/controller/repetition.ts'

test('the same is said three times a minute at most', () => {
  const repetition = new Repetition()
  let said = 0
  for (let now = 0; now < 10 * 60_000; now += 1000) {
    if (repetition.waitMs('a', 'full', now) > 0) continue
    repetition.said('a', 'full', now)
    said++
  }
  assert.equal(said, 3 * 10)
})

test('something else is said at once, and so is the same of another Service', () => {
  const repetition = new Repetition()
  for (let time = 0; time < 3; time++) repetition.said('a', 'full', time)
  assert.equal(repetition.waitMs('a', 'full', 3), 59_997)
  assert.equal(repetition.waitMs('a', 'in use', 3), 0)
  assert.equal(repetition.waitMs('b', 'full', 3), 0)
  repetition.forgetOld(60_000)
  assert.equal(repetition.waitMs('a', 'full', 60_000), 0)
})
