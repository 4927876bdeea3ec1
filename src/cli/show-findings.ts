// Findings as a person reads them. Pure.

import type { Finding, Level } from './finding.ts'
import { field, type Paint, printable, type Style, type Tone } from './text.ts'

const LEVEL_TONES: Readonly<Record<Level, Tone>> = { error: 'bad', warning: 'warn', note: 'faint' }

/** Objects named of findings that differ in nothing else. */
const OBJECTS_NAMED = 10

/** Findings that say the same of several objects are told once. */
export function showFindings(findings: readonly Finding[], { paint }: Style): string {
  if (findings.length === 0) return `${paint('good', 'Nothing to complain of.')}\n`
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const { level, reason, why, remedy } = finding
    const key = JSON.stringify([level, reason, why, remedy])
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  return [...groups.values()].map((group) => showGroup(group, paint)).join('\n')
}

function showGroup(group: readonly Finding[], paint: Paint): string {
  const [first] = group
  if (first === undefined) return ''
  const named = group.slice(0, OBJECTS_NAMED)
  return [
    `${paint(LEVEL_TONES[first.level], first.level.toUpperCase())} ${paint('strong', first.reason)}\n`,
    ...named.map(({ object, what }) => `  ${printable(`${object}: ${what}`)}\n`),
    ...(group.length > named.length ? [`  and ${group.length - named.length} more\n`] : []),
    field('  why', [printable(first.why)], 8),
    field('  do', [printable(first.remedy)], 8),
  ].join('')
}
