// docs/scale.md from the figures of bench/scale.ts: tables by the size of the segment, a plot, and what is only calculated,
// told apart.
import { table } from '../scripts/generate/markdown.ts'
import { DEFAULT_SETTINGS } from '../src/election/index.ts'
import { deadIntervalFor, helloIntervalFor, STAGGER_MS, STAGGER_STEPS } from '../src/election/timing.ts'
import type { Chart } from './chart.ts'
import type { Figure } from './figures.ts'
import { quantile } from './quantile.ts'
import { type Result, round } from './result.ts'

/** Collections that a speaker watches; a watch is renewed after so many s on average (src/kube/reflector.ts). */
const WATCHES = 7
const WATCH_SECONDS = 290 * 1.05
const SEGMENTS = [10, 30, 100, 300, 1000]

const LOST = ['one node lost', 'a tenth lost', 'half lost'] as const
const COST = [
  'frames sent by a node',
  'bytes sent by a node',
  'processor time of a node',
  'busy at a time when one dies',
] as const

const longest = ({ samples }: Figure): number => quantile(samples, 1)
const speakersOf = ({ of }: Figure): number => Number.parseInt(of, 10)

/** A row for each size of segment, a column for each quantity. */
function matrix(
  figures: readonly Figure[],
  columns: readonly string[],
  cell: (figure: Figure) => string,
): string {
  const wanted = figures.filter(({ what }) => columns.includes(what))
  const sizes = [...new Set(wanted.map(({ of }) => of))]
  const head = columns.map((what) => `${what}, ${wanted.find((figure) => figure.what === what)?.unit ?? ''}`)
  const rows = sizes.map((of) => [
    of,
    ...columns.map((what) => {
      const figure = wanted.find((each) => each.of === of && each.what === what)
      return figure === undefined || figure.samples.length === 0 ? '' : cell(figure)
    }),
  ])
  return table(['segment', ...head], rows)
}

function calculated(): string {
  const rows = SEGMENTS.map((speakers) => {
    const hello = helloIntervalFor(speakers - 1, DEFAULT_SETTINGS)
    const dead = deadIntervalFor(hello, DEFAULT_SETTINGS)
    return [
      String(speakers),
      String(hello),
      String(dead),
      `${Math.round(dead - hello)} to ${dead + STAGGER_MS * STAGGER_STEPS}`,
      round((1000 / hello) * speakers),
      round((WATCHES * 60) / WATCH_SECONDS),
      round((speakers * WATCHES * 60) / WATCH_SECONDS),
    ]
  })
  const head = [
    'speakers',
    'hello interval, ms',
    'dead interval, ms',
    'held again, ms',
    'frames on the segment, /s, few addresses',
    'API requests of a speaker, /min',
    'of all speakers, /min',
  ]
  return table(head, rows)
}

/** The longest that any address was not held, by the number of speakers. */
export function scaleChart({ figures }: Result): Chart {
  const measured = LOST.filter((what) => what !== 'a tenth lost').map((what) => {
    const points = new Map<number, number>()
    for (const figure of figures.filter((each) => each.what === what && each.samples.length > 0)) {
      const speakers = speakersOf(figure)
      points.set(speakers, Math.max(points.get(speakers) ?? 0, longest(figure)))
    }
    return { name: `${what}: measured`, points: [...points].sort(([one], [other]) => one - other) }
  })
  const intervals = SEGMENTS.map(
    (speakers) =>
      [
        speakers,
        deadIntervalFor(helloIntervalFor(speakers - 1, DEFAULT_SETTINGS), DEFAULT_SETTINGS),
      ] as const,
  )
  const latest = intervals.map(([speakers, dead]) => [speakers, dead + STAGGER_MS * STAGGER_STEPS] as const)
  return {
    title: 'Until every address is held again',
    xLabel: 'speakers on the segment',
    yLabel: 'ms',
    isLogarithmic: true,
    series: [
      ...measured,
      { name: 'dead interval: calculated', points: intervals, isDashed: true },
      { name: 'and all turns: calculated', points: latest, isDashed: true },
    ],
  }
}

export function scaleDocument(
  { figures, at, versions, machine }: Result,
  apiLoad: Result | undefined,
): string {
  const perMinute = apiLoad?.figures.filter(
    ({ what, of, unit }) => of === 'typemetal' && unit === '/min' && what.startsWith('each speaker'),
  )
  const asked = perMinute?.map(
    ({ what, samples }) => `${what.slice('each speaker, '.length)}: ${round(quantile(samples, 0.5))}`,
  )
  return [
    '# Scale',
    '<!-- Written by `npm run bench -- report` from the results of `npm run bench -- scale`: do not edit. -->',
    `What the election does on segments larger than a machine of ours, ${at.slice(0, 10)}, commit ${versions.typemetal}, on ${machine.processor}. [The protocol](protocol.md) says what it does at all.`,
    '![How long until every address is held again, by the number of speakers](scale.svg)',
    '## Measured: until an address is held again',
    'Whole segments are run in virtual time: every speaker is the real code, and the LAN loses nothing and delays each frame by a millisecond. Half of the addresses, and all of them, were held again after:',
    matrix(
      figures,
      LOST,
      ({ samples }) => `${round(quantile(samples, 0.5))}, ${round(quantile(samples, 1))}`,
    ),
    '## Measured: what a node pays at rest',
    'One speaker is real, the others are played: their hellos are real bytes, which it decodes, checks and takes in. Addresses are shared out evenly. Processor time is that of the election on the machine named above, without the kernel’s part.',
    matrix(figures, COST, (figure) => round(longest(figure))),
    '## Calculated',
    `From the rules: the hello interval grows with the speakers beyond 50, the dead interval with it. An address is held again after what is left of the dead interval when its holder is lost, and at most ${STAGGER_STEPS} turns of ${STAGGER_MS} ms. To the API server a speaker speaks only to renew its ${WATCHES} watches, each about every five minutes; the number of Services has no part in it.`,
    calculated(),
    ...(asked === undefined || asked.length === 0
      ? []
      : [
          `Measured by \`npm run bench -- api-load\`, requests a minute of one speaker: ${asked.join('; ')}.`,
        ]),
  ].join('\n\n')
}
