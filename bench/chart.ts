// Lines over an axis, as SVG: for documents, without a library and without colours that a dark page swallows.

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Calculated, as against measured. */
  readonly isDashed?: boolean
}

export interface Chart {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  /** Each step of the axis ten times the one before. */
  readonly isLogarithmic?: boolean
  readonly series: readonly Series[]
}

const WIDTH = 760
const HEIGHT = 320
const LEFT = 64
const RIGHT = 220
const TOP = 36
const BOTTOM = 48
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#8c564b']
const TICKS = 5

export function svgOf({ title, xLabel, yLabel, isLogarithmic = false, series }: Chart): string {
  const points = series.flatMap((each) => each.points)
  const xs = points.map(([x]) => x)
  const scaled = (x: number): number => (isLogarithmic ? Math.log10(Math.max(x, 1e-9)) : x)
  const [fromX, toX] = [scaled(least(xs)), scaled(greatest(xs))]
  const toY = niceCeiling(greatest(points.map(([, y]) => y)))
  const atX = (x: number): number =>
    LEFT + ((scaled(x) - fromX) / (toX - fromX || 1)) * (WIDTH - LEFT - RIGHT)
  const atY = (y: number): number => HEIGHT - BOTTOM - (y / toY) * (HEIGHT - TOP - BOTTOM)
  const xTicks = isLogarithmic
    ? [...new Set(xs)].sort((one, other) => one - other)
    : ticks(least(xs), greatest(xs))
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 20, title, 'font-weight="bold"'),
    ...ticks(0, toY).flatMap((y) => [
      line([LEFT, atY(y)], [WIDTH - RIGHT, atY(y)], '#ddd'),
      text(LEFT - 6, atY(y) + 4, short(y), 'text-anchor="end"'),
    ]),
    ...xTicks.map((x) => text(atX(x), HEIGHT - BOTTOM + 18, short(x), 'text-anchor="middle"')),
    line([LEFT, atY(0)], [WIDTH - RIGHT, atY(0)], '#333'),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, xLabel, 'text-anchor="middle"'),
    text(14, HEIGHT / 2, yLabel, `text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})"`),
    ...series.flatMap(({ name, points, isDashed }, index) => {
      const colour = COLOURS[index % COLOURS.length] ?? '#333'
      const dashes = isDashed ? ' stroke-dasharray="5 4"' : ''
      const path = points.map(([x, y]) => `${atX(x).toFixed(1)},${atY(y).toFixed(1)}`).join(' ')
      const y = TOP + 10 + index * 20
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`,
        `<line x1="${WIDTH - RIGHT + 12}" y1="${y}" x2="${WIDTH - RIGHT + 36}" y2="${y}" stroke="${colour}" stroke-width="2"${dashes}/>`,
        text(WIDTH - RIGHT + 42, y + 4, name, ''),
      ]
    }),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">\n${parts.join('\n')}\n</svg>\n`
}

/** Not by Math.min(...): a soak has more points than a call takes arguments. */
function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Infinity)
}

function greatest(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), -Infinity)
}

/** The next of 1, 2, 2.5, 5 and 10 times a power of ten. */
function niceCeiling(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= value) ?? 10) * power
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: TICKS + 1 }, (_, index) => from + ((to - from) * index) / TICKS)
}

function short(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })
}

function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  colour: string,
): string {
  return `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`
}
