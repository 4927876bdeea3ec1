import assert from 'node:assert/strict'
import test from 'node:test'
import { svgOf } from '../../bench/chart.ts'

const chart = { title: 'a < b', xLabel: 'x', yLabel: 'y' }

function pointsOf(svg: string): number[][] {
  const [, points = ''] = /polyline points="([^"]*)"/.exec(svg) ?? []
  return points.split(' ').map((point) => point.split(',').map(Number))
}

test('equal steps of a value are equal steps on the axis, and a greater value is higher', () => {
  const svg = svgOf({
    ...chart,
    series: [
      {
        name: 's',
        points: [
          [0, 0],
          [1, 50],
          [2, 100],
        ],
      },
    ],
  })
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = pointsOf(svg)
  assert.ok(Math.abs(x1 - x0 - (x2 - x1)) < 0.2)
  assert.ok(y0 > y1 && y1 > y2)
})

test('on a logarithmic axis equal factors are equal steps', () => {
  const svg = svgOf({
    ...chart,
    isLogarithmic: true,
    series: [
      {
        name: 's',
        points: [
          [10, 1],
          [100, 1],
          [1000, 1],
        ],
      },
    ],
  })
  const [[x0 = 0] = [], [x1 = 0] = [], [x2 = 0] = []] = pointsOf(svg)
  assert.ok(Math.abs(x1 - x0 - (x2 - x1)) < 0.2)
})

test('no value and no text makes it other than well-formed', () => {
  const svg = svgOf({
    ...chart,
    series: [
      { name: '<s>', points: [] },
      { name: 't', points: [[0, 0]] },
    ],
  })
  assert.doesNotMatch(svg, /NaN|Infinity|<s>|a < b/)
})
