import assert from 'node:assert/strict'
import test from 'node:test'
import { EventPace } from '../../src/kube/event-pace.ts'

/** How many may be told from `from` to `until` (ms) when whoever tells asks again as he was told. */
function taken(pace: EventPace, from: number, until: number): number {
  let count = 0
  for (let now = from; now < until && count < 1000;) {
    const waitMs = pace.take(now)
    if (waitMs === 0) count++
    now += waitMs
  }
  return count
}

/** Records `every` so many ms. */
function record(pace: EventPace, from: number, until: number, every: number): void {
  for (let now = from; now < until; now += every) pace.recorded(now)
}

test('a few events are told at once', () => {
  const pace = new EventPace()
  record(pace, 1000, 1020, 1)
  assert.equal(taken(pace, 1020, 1021), 20)
})

test('of a burst twenty a second are told while it goes on, and all when it has been over for half a second', () => {
  const pace = new EventPace()
  pace.recorded(0)
  assert.equal(taken(pace, 0, 1), 20)
  let told = 0
  for (let now = 0; now < 4000; now += 100) {
    pace.recorded(now)
    told += taken(pace, now, now + 100)
  }
  assert.ok(Math.abs(told - 80) <= 2, `${told} in four seconds`)
  assert.ok(taken(pace, 4000, 4399) < 10)
  assert.equal(taken(pace, 4400, 4401), 1000)
})

test('what never ends is held back for half a minute only', () => {
  const pace = new EventPace()
  record(pace, 0, 29_900, 10)
  assert.ok(taken(pace, 29_900, 29_950) <= 21)
  pace.recorded(30_000)
  assert.equal(taken(pace, 30_000, 30_001), 1000)
})

test('after a pause the twenty at once are there again', () => {
  const pace = new EventPace()
  pace.recorded(0)
  assert.equal(taken(pace, 0, 1), 20)
  pace.recorded(10_000)
  assert.equal(taken(pace, 10_000, 10_001), 20)
})
