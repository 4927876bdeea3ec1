// Runs random histories, and tells of a failure how to run it again.
import assert from 'node:assert/strict'
import { fc } from '../fast-check.ts'
import { type Weights, anyStep, anyWorld } from './any-step.ts'
import { History, type Step } from './history.ts'
import type { World } from './model.ts'

/** Of one test file; `STEPS=1000000` makes it a long search. */
const STEPS = Number(process.env.STEPS ?? 25_000)
const LONGEST = 100

interface Init {
  /** The test file, to be named where it fails. */
  readonly file: string
  readonly weights: Weights
  /** Of ten Services so many have a sharing key. */
  readonly shared: number
  /** Time that goes by before each step; in five minutes an address given up is as good as others. */
  readonly paceMs: number
}

/** Lets histories run, all in all 25,000 steps; `REPLAY=seed:run` begins with the run that failed. */
export function runHistories({ file, weights, shared, paceMs }: Init): void {
  const anyHistory = fc.tuple(
    anyWorld,
    fc.array(anyStep(weights, shared), { maxLength: LONGEST, size: 'max' }),
  )
  let steps = 0
  const property = fc.property(anyHistory, ([world, history]) => {
    steps += history.length
    run(world, history, paceMs)
  })
  const [seed, path] = process.env.REPLAY?.split(':') ?? []
  const replayed = seed === undefined || path === undefined ? {} : { seed: Number(seed), path }
  const details = fc.check(property, { numRuns: Math.ceil((2.5 * STEPS) / LONGEST), ...replayed })
  if (details.failed) {
    const [run = '0'] = (details.counterexamplePath ?? '').split(':')
    const [[world, history] = [{}, []]] = details.counterexample ?? []
    const told = [world, ...history].map((step) => JSON.stringify(step)).join('\n')
    const again = `REPLAY=${details.seed}:${run} node --import tsx --test test/allocator/${file}`
    const { errorInstance: error } = details
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${message}\n\nafter\n${told}\n\nto run it again: ${again}`, { cause: error })
  }
  assert.ok(seed !== undefined || steps >= STEPS, `${steps} steps are too few`)
}

function run(world: World, history: readonly Step[], paceMs: number): void {
  const cluster = new History(world)
  for (const step of history) {
    cluster.take({ kind: 'wait', ms: paceMs })
    cluster.take(step)
  }
  cluster.settle()
}
