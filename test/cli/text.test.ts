import assert from 'node:assert/strict'
import test from 'node:test'
import { age, painter, printable, table } from '../../src/cli/text.ts'

test('columns are as wide as their widest cell, and lines end without blanks', () => {
  const rows = [
    ['a', 'long text', ''],
    ['bb', '', ''],
  ]
  assert.equal(table(['X', 'Y', 'Z'], rows, painter(false)), 'X    Y           Z\na    long text\nbb\n')
})

test('colours do not shift columns, and are left out where nobody wants them', () => {
  const rows = [[{ text: 'bad', tone: 'bad' as const }, 'x']]
  assert.equal(table(['A', 'B'], rows, painter(true)), 'A     B\n\u001b[31mbad\u001b[0m   x\n')
  assert.equal(table(['A', 'B'], rows, painter(false)), 'A     B\nbad   x\n')
})

test('what somebody put into an object does not command the terminal of who reads it', () => {
  assert.equal(printable('a\u001b]0;title\u0007b\nc\u009bd'), 'a\u{fffd}]0;title\u{fffd}b c\u{fffd}d')
})

test('ages are told as kubectl tells them', () => {
  const now = Date.parse('2026-01-10T00:00:00Z')
  const ages = [
    '2026-01-09T23:59:55Z',
    '2026-01-09T23:50:00Z',
    '2026-01-09T20:00:00Z',
    '2026-01-01T00:00:00Z',
  ]
  assert.deepEqual(
    ages.map((since) => age(since, now)),
    ['5s', '10m', '4h', '9d'],
  )
  assert.equal(age('', now), '')
  assert.equal(age('2026-01-10T00:00:07Z', now), '0s') // of a clock that is ahead
})
