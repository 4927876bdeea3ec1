import assert from 'node:assert/strict'
import test from 'node:test'
import { Figures, OURS } from '../../bench/figures.ts'
import { round, rowsOf } from '../../bench/result.ts'

function rows(add: (figures: Figures<'rate' | 'cpu'>) => void): string[][] {
  const figures = new Figures({
    rate: { what: 'rate', unit: '/s', goal: 'half' },
    cpu: { what: 'CPU', unit: 'ms' },
  })
  add(figures)
  return rowsOf({ figures: figures.list() })
}

test('ours stands first, and beside each of the others how much of its median ours is', () => {
  const table = rows((figures) => {
    figures.add('rate', 'floor', 200, 400)
    figures.add('rate', OURS, 50, 100)
    figures.add('rate', 'floor', 300)
  })
  assert.deepEqual(table, [
    ['rate', OURS, '2', '50', '50', '100', '100', '/s', '', 'half'],
    ['', 'floor', '3', '200', '300', '400', '400', '/s', '0.167', ''],
  ])
})

test('one sample is shown once, and a quantity without samples not at all', () => {
  assert.deepEqual(
    rows((figures) => figures.add('cpu', OURS, 1.2345)),
    [['CPU', OURS, '1', '', '1.23', '', '', 'ms', '', '']],
  )
})

test('three digits of a number are shown, all of a large one, nothing of what is none', () => {
  assert.deepEqual([0.012345, 12.345, 1234.5, Number.NaN, Infinity].map(round), [
    '0.0123',
    '12.3',
    '1,235',
    '',
    '',
  ])
})
