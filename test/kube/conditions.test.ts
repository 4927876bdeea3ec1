import assert from 'node:assert/strict'
import test from 'node:test'
import type { Condition } from '../../src/api/index.ts'
import { type ConditionUpdate, withCondition } from '../../src/kube/conditions.ts'

const THEN = '2026-01-01T00:00:00Z'
const NOW = '2026-01-02T00:00:00Z'
const VALID: ConditionUpdate = { type: 'Valid', status: 'True', reason: 'Reconciled', message: '' }
const OTHER: Condition = { type: 'Other', status: 'True', reason: 'R', message: '', lastTransitionTime: THEN }
const BEFORE: readonly Condition[] = [{ ...VALID, lastTransitionTime: THEN }, OTHER]

test('a condition of a new type is added with the time', () => {
  assert.deepEqual(withCondition([OTHER], VALID, NOW), [OTHER, { ...VALID, lastTransitionTime: NOW }])
})

test('nothing new gives the very same array', () => {
  assert.equal(withCondition(BEFORE, VALID, NOW), BEFORE)
})

test('a new message keeps the time of the transition, a new status does not', () => {
  const told = withCondition(BEFORE, { ...VALID, message: 'look' }, NOW)
  assert.deepEqual(told, [{ ...VALID, message: 'look', lastTransitionTime: THEN }, OTHER])
  const failed = withCondition(BEFORE, { ...VALID, status: 'False' }, NOW)
  assert.deepEqual(failed, [{ ...VALID, status: 'False', lastTransitionTime: NOW }, OTHER])
})

test('a new observedGeneration is a change', () => {
  assert.notEqual(withCondition(BEFORE, { ...VALID, observedGeneration: 2 }, NOW), BEFORE)
})
