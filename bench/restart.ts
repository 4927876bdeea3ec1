// A controller that starts in a cluster where thousands of Services have addresses: how soon it serves a new one, what it
// writes that nobody needs, and what it costs.
// The floor is reading the same list, and one bare creation and patch.
import { setTimeout as sleep } from 'node:timers/promises'
import { bootTime } from '../src/wire/index.ts'
import { apply, pool } from '../test/e2e/cluster.ts'
import {
  allAssigned,
  bareList,
  barePatch,
  create,
  createAll,
  createForFloor,
  names,
  seenOf,
  stopWatching,
  watchServices,
} from './assignments.ts'
import { inTurns } from './contender.ts'
import { Figures } from './figures.ts'
import { costOf } from './process-cost.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({ services: 10_000, trials: 2 })
const LOOK_INTERVAL_MS = 20
/** Afterwards it has written what it will. */
const SETTLE_MS = 10_000
const FLOOR = 'floor: a bare list, creation and patch'

const figures = new Figures({
  served: { what: 'process start to a new Service served', unit: 's', goal: 'below 3' },
  writes: { what: 'writes of the other Services', unit: '', goal: '0' },
  cpu: { what: 'CPU until idle again', unit: 's' },
  peak: { what: 'peak memory', unit: 'MB' },
  resident: { what: 'resident memory', unit: 'MB', goal: 'below 130' },
})

const held = names('held', SETTINGS.services)
const writesOf = (all: readonly string[]): number => seenOf(all).reduce((sum, { writes }) => sum + writes, 0)

await apply(pool('bench', ['10.4.0.0/14']))
await watchServices()
await inTurns(SETTINGS.trials, { onlyController: true }, async ({ contender, trial, isFresh }) => {
  if (seenOf(held).length === 0) await createAll(held)
  await allAssigned(held)
  if (isFresh) await sleep(SETTLE_MS)
  const started = performance.now()
  await bareList()
  await barePatch(await createForFloor(`floor-${contender.name}-${trial}`))
  figures.add('served', FLOOR, (performance.now() - started) / 1000)

  const running = contender.processes
  const writesBefore = writesOf(held)
  await contender.replacePods()
  const anew = (): number[] => contender.processes.filter((pid) => !running.includes(pid))
  while (anew().length === 0) await sleep(LOOK_INTERVAL_MS)
  const name = `late-${contender.name}-${trial}`
  await create(name)
  await allAssigned([name])
  const servedAt =
    bootTime() / 1000 - (performance.now() - (seenOf([name])[0]?.assignedAt ?? Number.NaN)) / 1000
  await sleep(SETTLE_MS)
  const cost = costOf(anew())
  figures.add('served', contender.name, servedAt - cost.startedAt)
  figures.add('writes', contender.name, writesOf(held) - writesBefore)
  figures.add('cpu', contender.name, cost.cpuSeconds)
  figures.add('peak', contender.name, cost.peakMb)
  figures.add('resident', contender.name, cost.residentMb)
})
await stopWatching()
conclude('restart', SETTINGS, figures)
process.exit()
