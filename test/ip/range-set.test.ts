import assert from 'node:assert/strict'
import test from 'node:test'
import { type Range, RangeSet } from '../../src/ip/index.ts'
import { fc } from '../fast-check.ts'

const SPACE = 64 // small enough to compare with a set of numbers

const anyRange = fc
  .tuple(fc.constantFrom('IPv4' as const, 'IPv6' as const), fc.nat(SPACE - 1), fc.nat(12))
  .map(([family, first, length]): Range => ({
    family,
    first: BigInt(first),
    last: BigInt(Math.min(first + length, SPACE - 1)),
  }))
const anyRanges = fc.array(anyRange, { maxLength: 8 })

function members(ranges: Iterable<Range>): Set<string> {
  const all = new Set<string>()
  for (const { family, first, last } of ranges) {
    for (let value = first; value <= last; value++) all.add(`${family} ${value}`)
  }
  return all
}

test('a set has the addresses of its ranges, and counts each once', () => {
  fc.assert(
    fc.property(anyRanges, (ranges) => {
      const expected = members(ranges)
      const set = new RangeSet(ranges)
      assert.deepEqual(members(set), expected)
      assert.equal(set.size('IPv4') + set.size('IPv6'), BigInt(expected.size))
      for (const family of ['IPv4', 'IPv6'] as const) {
        for (let value = 0n; value < SPACE; value++) {
          assert.equal(set.contains({ family, value }), expected.has(`${family} ${value}`))
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('its runs ascend and do not touch', () => {
  fc.assert(
    fc.property(anyRanges, (ranges) => {
      const runs = [...new RangeSet(ranges)]
      for (const [index, run] of runs.entries()) {
        const next = runs[index + 1]
        if (next?.family === run.family) assert.ok(run.last + 1n < next.first)
      }
    }),
    { numRuns: 200 },
  )
})

test('what two sets have in common is found, and what one lacks of the other', () => {
  fc.assert(
    fc.property(anyRanges, anyRanges, (ranges, others) => {
      const [set, other] = [new RangeSet(ranges), new RangeSet(others)]
      const [mine, theirs] = [members(ranges), members(others)]
      const common = set.overlap(other)
      assert.equal(
        common !== null,
        [...mine].some((member) => theirs.has(member)),
      )
      if (common !== null) {
        for (const member of members([common])) assert.ok(mine.has(member) && theirs.has(member))
      }
      const rest = [...mine].filter((member) => !theirs.has(member))
      assert.deepEqual(members([...set].flatMap((range) => other.without(range))), new Set(rest))
    }),
    { numRuns: 200 },
  )
})

test('the size of all IPv6 addresses is exact', () => {
  assert.equal(new RangeSet([{ family: 'IPv6', first: 0n, last: 2n ** 128n - 1n }]).size('IPv6'), 2n ** 128n)
})
