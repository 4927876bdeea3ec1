import assert from 'node:assert/strict'
import test from 'node:test'
import { Evidence } from '../../src/election/evidence.ts'

const STRANGER = 0x02_00_5e_10_00_09

test('a stranger is answered at most every 400 ms', () => {
  const evidence = new Evidence()
  const answers = [0, 100, 399, 400, 500, 900].filter((now) => evidence.add(STRANGER, now).defend)
  assert.deepEqual(answers, [0, 400, 900])
})

test('a stranger persists when it comes again after it had time to hear the answer', () => {
  for (const [again, persists] of [
    [299, false],
    [300, true],
    [3000, true],
    [3001, false],
  ] as const) {
    const evidence = new Evidence()
    assert.equal(evidence.add(STRANGER, 0).persists, false)
    assert.equal(evidence.add(STRANGER, again).persists, persists, `${again}`)
  }
})

test('another stranger begins anew, and so does one that said hello between', () => {
  const evidence = new Evidence()
  evidence.add(STRANGER, 0)
  assert.equal(evidence.add(STRANGER + 1, 1000).persists, false)
  evidence.clear(STRANGER + 1)
  assert.equal(evidence.add(STRANGER + 1, 2000).persists, false)
  evidence.clear(STRANGER)
  assert.equal(evidence.add(STRANGER + 1, 2500).persists, true)
})
