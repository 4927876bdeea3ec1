import assert from 'node:assert/strict'
import test from 'node:test'
import { above, below, outranks, precedes } from '../../src/election/rank.ts'
import type { Address } from '../../src/ip/index.ts'
import { fc } from '../fast-check.ts'

const address: Address = { family: 'IPv4', value: 0x0a00_0001n }
const A = { node: 'node-a', instance: '0000000000000002' }
const B = { node: 'node-b', instance: '0000000000000001' }

test('the higher epoch is the greater claim, whoever has it', () => {
  assert.ok(outranks({ epoch: 2, ...A }, { epoch: 1, ...B }, address))
  assert.ok(!outranks({ epoch: 1, ...B }, { epoch: 2, ...A }, address))
  assert.ok(outranks({ epoch: 0, ...A }, { epoch: -1, ...B }, address))
})

test('at equal epochs the node goes first that MetalLB would put first', () => {
  assert.ok(outranks({ epoch: 1, ...B }, { epoch: 1, ...A }, address))
  assert.ok(!precedes(A, B, address))
})

test('of two instances on one node the one with the lower id goes first', () => {
  const other = { node: 'node-a', instance: '00000000000000aa' }
  assert.ok(precedes(A, other, address))
  assert.ok(!precedes(other, A, address))
})

test('of any two claims exactly one is the greater', () => {
  const rank = fc.record({
    epoch: fc.integer({ min: -1, max: 3 }),
    node: fc.constantFrom('a', 'b', 'c'),
    instance: fc.constantFrom('1', '2', '3'),
  })
  fc.assert(
    fc.property(rank, rank, (one, other) => {
      const isSame = one.epoch === other.epoch && one.node === other.node && one.instance === other.instance
      assert.equal(outranks(one, other, address) !== outranks(other, one, address), !isSame)
    }),
  )
})

test('epochs stop at the ends of 32 bits', () => {
  assert.equal(above(2 ** 32 - 2), 2 ** 32 - 1)
  assert.equal(above(2 ** 32 - 1), 2 ** 32 - 1)
  assert.equal(below(0), 0)
})
