import assert from 'node:assert/strict'
import test from 'node:test'
import { level, type Load } from '../../src/cli/level.ts'
import { fc } from '../fast-check.ts'

const NODES = ['a', 'b', 'c', 'd', 'e']
const NOTHING = new Map(NODES.map((node) => [node, 0]))

function loads(holder: string, count: number, targets = NODES, size = 1): Load[] {
  return Array.from({ length: count }, () => ({ size, holder, targets }))
}

function weights(all: readonly Load[], holders: readonly string[]): Map<string, number> {
  const found = new Map(NOTHING)
  for (const [index, { size }] of all.entries()) {
    const holder = holders[index] ?? ''
    found.set(holder, (found.get(holder) ?? 0) + size)
  }
  return found
}

test('what one node carries alone is spread over all', () => {
  const all = loads('a', 10)
  assert.deepEqual([...weights(all, level(NOTHING, all)).values()], [2, 2, 2, 2, 2])
})

test('what others carry besides counts, and stays', () => {
  const all = loads('a', 4, ['a', 'b'])
  const carried = new Map([
    ['a', 0],
    ['b', 3],
  ])
  assert.deepEqual(level(carried, all).filter((holder) => holder === 'b').length, 0)
})

test('where the fullest node can reach the emptiest only through a third, each passes one on', () => {
  const all = [...loads('a', 4, ['b']), ...loads('b', 2, ['c'])]
  const holders = level(
    new Map([
      ['a', 0],
      ['b', 0],
      ['c', 0],
    ]),
    all,
  )
  assert.deepEqual([...weights(all, holders)].slice(0, 3), [
    ['a', 2],
    ['b', 2],
    ['c', 2],
  ])
})

test('nothing moves where no move makes it more even', () => {
  for (const all of [loads('a', 1), [...loads('a', 1, NODES, 2), ...loads('b', 1)], loads('a', 5, [])])
    assert.deepEqual(
      level(NOTHING, all),
      all.map(({ holder }) => holder),
    )
})

const anyLoad = fc.record({
  size: fc.integer({ min: 1, max: 3 }),
  holder: fc.constantFrom(...NODES),
  targets: fc.subarray(NODES),
})

test('no load goes where it may not, and no single move could make the result more even', () => {
  fc.assert(
    fc.property(fc.array(anyLoad, { maxLength: 40 }), (all) => {
      const holders = level(NOTHING, all)
      const after = weights(all, holders)
      for (const [index, { size, holder, targets }] of all.entries()) {
        const now = holders[index] ?? ''
        assert.ok(now === holder || targets.includes(now))
        for (const target of [holder, ...targets])
          assert.ok((after.get(target) ?? 0) + size >= (after.get(now) ?? 0) || target === now)
      }
    }),
  )
})

test('where everything may go everywhere the fewest moves are made that level it', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...NODES), { maxLength: 40 }), (held) => {
      const all = held.flatMap((holder) => loads(holder, 1))
      const holders = level(NOTHING, all)
      const moved = holders.filter((holder, index) => holder !== held[index]).length
      const before = [...weights(all, held).values()].sort((a, b) => b - a)
      const [share, more] = [Math.floor(held.length / NODES.length), held.length % NODES.length]
      const fewest = before.reduce(
        (sum, weight, index) => sum + Math.max(0, weight - share - (index < more ? 1 : 0)),
        0,
      )
      assert.equal(moved, fewest)
    }),
  )
})
