// The outcome of a benchmark: its figures with the machine, the versions and the settings that they are of; as JSON, and as
// the one table that the terminal and docs/benchmarks.md show.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { ROOT } from '../scripts/checkout.mjs'
import { type Figure, type Figures, OURS } from './figures.ts'
import { KERNEL_VERSION } from './kernel-version.ts'
import { outFolder, type Settings } from './settings.ts'
import { quantile } from './quantile.ts'

export interface Result {
  readonly bench: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly seconds: number
  readonly machine: Readonly<Record<string, string | number>>
  readonly versions: Readonly<Record<string, string>>
  /** Average over a minute, before and after: what else the machine did is in the first. */
  readonly load: readonly [number, number]
  readonly settings: Settings
  readonly figures: readonly Figure[]
}

const startedAt = performance.now()
const [loadBefore = 0] = loadavg()

/** Prints the table and writes `NAME.json` where the command line says. */
export function conclude(bench: string, settings: Settings, figures: Figures): void {
  const result: Result = {
    bench,
    at: new Date().toISOString(),
    seconds: Math.round((performance.now() - startedAt) / 1000),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      'memory GiB': Math.round(totalmem() / 2 ** 30),
    },
    versions: {
      typemetal: commit(),
      node: process.versions.node,
      kubernetes: kubernetes(),
      linux: KERNEL_VERSION,
    },
    load: [loadBefore, loadavg()[0] ?? 0],
    settings,
    figures: figures.list(),
  }
  const folder = outFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${bench}.json`, `${JSON.stringify(result, null, 2)}\n`)
  process.stdout.write(`\n${bench}: ${describeSettings(settings)}\n${textTable(HEAD, rowsOf(result))}\n`)
}

export function describeSettings(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

export const HEAD = ['what', 'of', 'n', 'min', 'p50', 'p99', 'max', 'unit', 'ours / it', 'goal'] as const

/**
 * A row for each quantity of each who. `ours / it`: the median of ours by its median. A goal stands where ours is, or
 * nobody else.
 */
export function rowsOf({ figures }: Pick<Result, 'figures'>): string[][] {
  return figures.map(({ what, of, unit, goal, samples }, index) => {
    const isFirst = figures.findIndex((figure) => figure.what === what) === index
    const ours = figures.find((figure) => figure.what === what && figure.of === OURS)
    const ratio =
      ours === undefined || of === OURS ? Number.NaN : quantile(ours.samples, 0.5) / quantile(samples, 0.5)
    const quantiles = [0, 0.5, 0.99, 1].map((share) => round(quantile(samples, share)))
    const cells = samples.length === 1 ? ['', quantiles[1] ?? '', '', ''] : quantiles
    return [
      isFirst ? what : '',
      of,
      String(samples.length),
      ...cells,
      unit,
      round(ratio),
      isFirst ? (goal ?? '') : '',
    ]
  })
}

/** Three digits that matter; nothing for what is no number. */
export function round(value: number): string {
  if (!Number.isFinite(value)) return ''
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

const TEXT_COLUMNS = new Set<number>([0, 1, 7, 9])

function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        TEXT_COLUMNS.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line), ''].join('\n')
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown' // no checkout of Git, or no Git
  }
}

/** As the sandbox builds it. */
function kubernetes(): string {
  const module = readFileSync(`${ROOT}/sandbox/go.mod`, 'utf8')
  return /k8s\.io\/kubernetes v(\S+)/.exec(module)?.[1] ?? 'unknown'
}
