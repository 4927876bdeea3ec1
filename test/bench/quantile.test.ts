import assert from 'node:assert/strict'
import test from 'node:test'
import { median, quantile } from '../../bench/quantile.ts'

test('a quantile is one of the values, by nearest rank', () => {
  const values = [40, 10, 30, 20]
  const shares = [0, 0.25, 0.26, 0.5, 0.75, 0.99, 1]
  assert.deepEqual(
    shares.map((share) => quantile(values, share)),
    [10, 10, 20, 20, 30, 40, 40],
  )
})

test('the median of an odd number is the one in the middle, of nothing it is no number', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.ok(Number.isNaN(median([])))
})
