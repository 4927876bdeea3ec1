import assert from 'node:assert/strict'
import test from 'node:test'
import { Occupancy, isBefore } from '../../src/allocator/occupancy.ts'
import type { Range } from '../../src/ip/index.ts'
import { fc } from '../fast-check.ts'

/** Every address that is tried, in no range, or in one of them. */
const LAST = 40

/** Ranges that do not overlap, in any order: the lengths of gaps and ranges by turns. */
const anyRanges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((lengths) => {
    const ranges: Range[] = []
    let next = 0
    for (const [gap, length] of lengths) {
      const first = next + gap
      next = first + length
      ranges.push({ family: 'IPv4', first: BigInt(first), last: BigInt(next - 1) })
    }
    return ranges
  })
  .chain((ranges) => fc.shuffledSubarray(ranges, { minLength: ranges.length }))

const anySteps = fc.array(
  fc.record({ kind: fc.constantFrom('take', 'take', 'free'), value: fc.integer({ min: 0, max: LAST }) }),
  { maxLength: 80 },
)

test('the first free address is the one that a plain list of the free ones begins with', () => {
  fc.assert(
    fc.property(anyRanges, anySteps, fc.constantFrom(0n, 3n, 5n), (ranges, steps, avoided) => {
      const avoids = (value: bigint): boolean => avoided > 0n && value % avoided === 0n
      const occupancy = new Occupancy(ranges, avoids)
      const all = ranges.flatMap(({ first, last }, range) =>
        Array.from({ length: Number(last - first) + 1 }, (_, index) => ({
          range,
          value: first + BigInt(index),
        })),
      )
      const taken = new Set<bigint>()
      const expected = (): unknown => all.find(({ value }) => !taken.has(value) && !avoids(value)) ?? null
      assert.deepEqual(occupancy.firstFree(), expected())
      for (const { kind, value: number } of steps) {
        const value = BigInt(number)
        const position = all.find((each) => each.value === value) ?? null
        assert.deepEqual(occupancy.positionOf(value), position)
        if (kind === 'take') {
          assert.equal(occupancy.take(value), position !== null)
          taken.add(value)
        } else if (position !== null && !avoids(value)) {
          occupancy.free(value)
          taken.delete(value)
        }
        assert.deepEqual(occupancy.firstFree(), expected())
      }
      for (let free; (free = occupancy.firstFree()) !== null;) {
        assert.deepEqual(free, expected())
        occupancy.take(free.value)
        taken.add(free.value)
      }
      assert.equal(expected(), null)
    }),
    { numRuns: 2000 },
  )
})

test('of two positions that is before which comes first in the list of all', () => {
  const anyPosition = fc.record({ range: fc.nat(3), value: fc.bigInt({ min: 0n, max: 9n }) })
  fc.assert(
    fc.property(anyPosition, anyPosition, (a, b) => {
      const place = ({ range, value }: typeof a): number => range * 10 + Number(value)
      assert.equal(isBefore(a, b), place(a) < place(b))
    }),
  )
})
