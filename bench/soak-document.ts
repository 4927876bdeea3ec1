// docs/soak-result.md from soak.json: what was done, what was seen, and the plots.
import { table } from '../scripts/generate/markdown.ts'
import { type Chart, svgOf } from './chart.ts'
import type { SoakResult } from './soak.ts'
import type { Sample } from './soak-samples.ts'

const PLOTS = [
  { file: 'soak-memory.svg', title: 'Resident memory', unit: 'MB', of: 'residentMb' },
  { file: 'soak-descriptors.svg', title: 'File descriptors', unit: '', of: 'descriptors' },
  { file: 'soak-lag.svg', title: 'Event-loop lag, p99', unit: 'ms', of: 'lagMs' },
] as const

function chartOf(
  { samples }: SoakResult,
  title: string,
  unit: string,
  of: (typeof PLOTS)[number]['of'],
): Chart {
  const byProgram = new Map<string, Sample[]>()
  for (const sample of samples) {
    const before = byProgram.get(sample.program)
    if (before === undefined) byProgram.set(sample.program, [sample])
    else before.push(sample)
  }
  const series = [...byProgram].map(([name, all]) => ({
    name,
    points: all.flatMap((sample) => {
      const value = sample[of]
      return value === undefined ? [] : [[sample.at * 60, value] as const]
    }),
  }))
  return {
    title,
    xLabel: 'minutes',
    yLabel: unit,
    series: series.filter(({ points }) => points.length > 0),
  }
}

/** Files of docs/ and their text. */
export function soakDocuments(result: SoakResult): Map<string, string> {
  const plots = PLOTS.map(
    ({ file, title, unit, of }) => [file, svgOf(chartOf(result, title, unit, of))] as const,
  )
  const { at, hours, seed, rounds, deeds, stalls, violations } = result
  const text = [
    '# A soak',
    '<!-- Written by `npm run bench -- report` from the result of `npm run soak`: do not edit. -->',
    `The programs in a [sandbox](sandbox.md) of four nodes, for ${(hours * 60).toFixed(0)} minutes until ${at.slice(0, 16).replace('T', ' ')} UTC, seed ${seed}: ${rounds} rounds of random deeds. At the end of each all was made whole, and every address that a Service shows had to be answered by one machine, and no other by any. At no time might two machines answer for one address for longer than 200 ms, two Services show one address, or a Service get another one unasked.`,
    violations.length === 0
      ? 'Nothing of that was seen.'
      : `Seen of that:\n\n${violations.map((each) => `- ${each}`).join('\n')}`,
    `The machine did not run the observer for more than 100 ms ${stalls} times.`,
    table(
      ['deed', 'times'],
      Object.entries(deeds).map(([name, count]) => [name, String(count)]),
    ),
    'A program that was killed or replaced begins anew in the plots.',
    ...PLOTS.map(({ file, title }) => `![${title}](${file})`),
  ].join('\n\n')
  return new Map([...plots, ['soak-result.md', text]])
}
