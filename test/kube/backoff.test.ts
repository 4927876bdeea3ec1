import assert from 'node:assert/strict'
import test from 'node:test'
import { Backoff } from '../../src/kube/backoff.ts'
import { fc } from '../fast-check.ts'

test('waits lie between half of the doubled first one and the whole, and never above the longest', () => {
  const property = fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (number) => {
    const backoff = new Backoff({ firstMs: 100, longestMs: 1000, random: () => number })
    for (const whole of [100, 200, 400, 800, 1000, 1000]) {
      const waitMs = backoff.next()
      assert.ok(waitMs >= whole / 2 && waitMs <= whole, `${waitMs} of ${whole}`)
    }
    backoff.reset()
    assert.ok(backoff.next() <= 100)
  })
  fc.assert(property, { numRuns: 50 })
})

test('a thousand failures later the wait is still the longest', () => {
  const backoff = new Backoff({ firstMs: 100, longestMs: 1000, random: () => 1 })
  for (let failure = 0; failure < 2000; failure++) backoff.next()
  assert.equal(backoff.next(), 1000)
})

test('a time that the server told is kept', () => {
  assert.equal(new Backoff({ firstMs: 100, longestMs: 1000 }).next(5000), 5000)
})
