// `npm run sim`: plays many seeds, or one with a trace.
//   npm run sim -- [--seeds N] [--from N] [--seed N [--hellos]]
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Result, play } from './scenarios.ts'

export interface Failure extends Result {
  readonly seed: number
}

interface Share {
  readonly from: number
  readonly to: number
  readonly step: number
}

/** Plays seeds `from` to `to` on all processors; the failures, lowest seed first. */
export async function playAll(from: number, to: number): Promise<Failure[]> {
  const step = availableParallelism()
  const shares = Array.from({ length: step }, (_, index) => inProcess({ from: from + index, to, step }))
  return (await Promise.all(shares)).flat().sort((a, b) => a.seed - b.seed)
}

function inProcess({ from, to, step }: Share): Promise<Failure[]> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--share', `${from},${to},${step}`])
    child.once('message', (failures) => resolve(failures as Failure[]))
    child.once('exit', (code) => reject(new Error(`a share of the seeds ended with ${code}`)))
  })
}

function playShare({ from, to, step }: Share): Failure[] {
  const failures: Failure[] = []
  for (let seed = from; seed <= to; seed += step) {
    const result = play(seed)
    if (result.violations.length > 0) failures.push({ seed, ...result })
  }
  return failures
}

export function describe({ seed, scenario, violations }: Failure): string {
  const [first] = violations
  return `seed ${seed} (${scenario}): ${violations.length} violations, first at ${first?.at.toFixed(0)} ms: ${first?.promise}: ${first?.text}`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hellos: { type: 'boolean', default: false },
      share: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string' },
    },
  })
  if (values.share !== undefined) {
    const [from = 0, to = 0, step = 1] = values.share.split(',').map(Number)
    process.send?.(playShare({ from, to, step }))
    return
  }
  if (values.seed !== undefined) {
    const { violations } = play(Number(values.seed), {
      log: (line) => console.log(line),
      logsHellos: values.hellos,
    })
    process.exitCode = violations.length === 0 ? 0 : 1
    return
  }
  const from = Number(values.from ?? 1)
  const started = Date.now()
  const to = from + Number(values.seeds ?? 100_000) - 1
  const failures = await playAll(from, to)
  for (const failure of failures) console.log(describe(failure))
  console.log(`seeds ${from} to ${to}: ${failures.length} failed, ${(Date.now() - started) / 1000} s`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

if (process.argv[1] === import.meta.filename) await main()
