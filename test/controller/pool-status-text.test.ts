import assert from 'node:assert/strict'
import test from 'node:test'
import type { PoolReport } from '../../src/allocator/index.ts'
import { poolStatusText, reportText, showsReport } from '../../src/controller/pool-status-text.ts'

const NOW = '2026-01-02T03:04:05Z'
const BEFORE = '2025-01-01T00:00:00Z'
const MOST = 2n ** 63n - 1n

const REPORT: PoolReport = {
  usage: {
    IPv4: { total: 10n, inUse: 3n, available: 7n },
    IPv6: { total: MOST, inUse: 0n, available: MOST },
  },
  conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the pool is in use' }],
}

const COUNTS = '"assignedIPv4":3,"assignedIPv6":0,"availableIPv4":7,"availableIPv6":9223372036854775807'

test('counts beyond 2^53 are exact, up to what an int64 holds', () => {
  assert.match(reportText(REPORT), new RegExp(COUNTS))
  const IPv6 = { total: 2n * MOST, inUse: 0n, available: 2n * MOST }
  assert.match(reportText({ ...REPORT, usage: { ...REPORT.usage, IPv6 } }), new RegExp(COUNTS))
})

test('times are new where the status of a condition is, conditions of others stay, and ours that ended go', () => {
  const condition = (type: string, status: 'True' | 'False') => ({
    type,
    status,
    reason: 'r',
    message: 'm',
    lastTransitionTime: BEFORE,
  })
  const shown = {
    assignedIPv4: 0,
    assignedIPv6: 0,
    availableIPv4: 0,
    availableIPv6: 0,
    conditions: [
      condition('Accepted', 'True'),
      condition('AddressesSkipped', 'True'),
      condition('theirs', 'True'),
    ],
  }
  const { conditions } = JSON.parse(poolStatusText(REPORT, shown, NOW)) as typeof shown
  assert.deepEqual(
    conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [
      ['theirs', BEFORE],
      ['Accepted', BEFORE],
    ],
  )
  const refused: PoolReport = {
    ...REPORT,
    conditions: [{ type: 'Accepted', status: 'False', reason: 'OverlappingPool', message: 'm' }],
  }
  assert.match(poolStatusText(refused, shown, NOW), new RegExp(`"lastTransitionTime":"${NOW}"`))
})

test('a status that was read back says what was written, but for rounding', () => {
  const shown = JSON.parse(poolStatusText(REPORT, undefined, NOW)) as NonNullable<
    Parameters<typeof showsReport>[0]
  >
  assert.ok(showsReport(shown, REPORT))
  assert.ok(!showsReport(undefined, REPORT))
  assert.ok(!showsReport({ ...shown, assignedIPv4: 4 }, REPORT))
  assert.ok(!showsReport({ ...shown, conditions: [] }, REPORT))
})
