import assert from 'node:assert/strict'
import test from 'node:test'
import { forecastOf } from '../../src/controller/forecast.ts'

const NOW = Date.parse('2026-01-02T00:00:00Z')
const HOUR_MS = 3_600_000

function created(...hoursAgo: number[]): string[] {
  return hoursAgo.map((hours) => new Date(NOW - hours * HOUR_MS).toISOString())
}

function forecast(times: string[], available: bigint) {
  return forecastOf({ family: 'IPv4', created: times, available, now: NOW })
}

test('at the rate of a day the pool ends then and then', () => {
  const day = created(...Array.from({ length: 24 }, (_, hour) => hour + 0.5).slice(1), 23.9)
  assert.deepEqual(forecast(day, 48n), {
    family: 'IPv4',
    at: '2026-01-04T00:00:00.000Z',
    servicesPerHour: 1,
    observedHours: 24,
  })
})

test('a rollout that is under way counts more than the day before it', () => {
  assert.equal(forecast(created(0.1, 0.2, 0.3, 0.4), 4n)?.at, '2026-01-02T01:00:00.000Z')
})

test('of too few Services, of a pool that lasts for ages, and of a full one nothing is said', () => {
  assert.equal(forecast(created(0.1, 0.2), 4n), null)
  assert.equal(forecast(created(0.1, 0.2, 0.3), 2n ** 63n), null)
  assert.equal(forecast(created(0.1, 0.2, 0.3), 0n), null)
  assert.equal(forecast(created(30, 40, 50, 60), 4n), null)
})
