import assert from 'node:assert/strict'
import test from 'node:test'
import { parseAddress } from '../../src/ip/index.ts'
import { type AddressGrid, cellOf, cellsOf, gridOf, moved, nameOf } from '../../src/page/address-grid.ts'

function grid(first: string, last: string): AddressGrid {
  const found = gridOf({ first, last })
  assert.ok(found)
  return found
}

function cell(of: AddressGrid, text: string): number | null {
  const address = parseAddress(text)
  assert.ok(address)
  return cellOf(of, address)
}

test('a /16 has a cell for each address', () => {
  const it = grid('10.0.0.0', '10.0.255.255')
  assert.deepEqual([it.cells, it.perCell, it.columns], [65_536, 1n, 256])
  assert.equal(cell(it, '10.0.1.2'), 258)
  assert.equal(nameOf(it, 258), '10.0.1.2')
  assert.equal(cell(it, '10.1.0.0'), null)
  assert.equal(cell(it, 'fd00::1'), null)
})

test('of more addresses several share a cell, to the last one', () => {
  const it = grid('fd00::', 'fd00::ffff:ffff:ffff:ffff')
  assert.equal(it.cells, 65_536)
  assert.equal(cell(it, 'fd00::1'), 0)
  assert.equal(cell(it, 'fd00::ffff:ffff:ffff:ffff'), 65_535)
  assert.equal(nameOf(it, 0), 'fd00:: to fd00::ffff:ffff:ffff')
  const odd = grid('10.0.0.0', '10.1.0.0')
  assert.equal(nameOf(odd, odd.cells - 1), '10.1.0.0')
  assert.equal(cell(odd, '10.1.0.0'), odd.cells - 1)
})

test('one address is a grid of one cell; what is no range is none', () => {
  assert.deepEqual([grid('10.0.0.1', '10.0.0.1').cells, grid('10.0.0.1', '10.0.0.1').columns], [1, 1])
  assert.equal(gridOf({ first: '10.0.0.2', last: '10.0.0.1' }), null)
  assert.equal(gridOf({ first: '10.0.0.2', last: 'fd00::1' }), null)
  assert.equal(gridOf({ first: 'x', last: 'y' }), null)
})

test('arrow keys move by cells and rows, and stop at the edges', () => {
  const it = grid('10.0.0.0', '10.0.0.99')
  assert.equal(it.columns, 64)
  assert.deepEqual(
    ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'Home', 'End', 'x'].map((key) => moved(it, 10, key)),
    [11, 74, 9, 10, 0, 99, 10],
  )
  assert.equal(moved(it, 99, 'ArrowRight'), 99)
})

test('a range has the cells that it touches, as far as it lies in the grid', () => {
  const it = grid('10.0.0.0', '10.0.0.99')
  const cells = (first: string, last: string) => cellsOf(it, { first, last })
  assert.deepEqual(cells('10.0.0.10', '10.0.0.20'), { first: 10, last: 20 })
  assert.deepEqual(cells('9.0.0.0', '11.0.0.0'), { first: 0, last: 99 })
  assert.deepEqual(
    [cells('10.0.1.0', '10.0.1.9'), cells('fd00::1', 'fd00::2'), cells('x', 'y')],
    [null, null, null],
  )
  const wide = grid('fd00::', 'fd00::ffff:ffff:ffff:ffff')
  assert.deepEqual(cellsOf(wide, { first: 'fd00::1', last: 'fd00:0:0:0:1::' }), { first: 0, last: 1 })
})
