// How fast Services get their addresses, and what that costs the controller: the programs against a real API server.
// The floor is a bare loop of the same requests, as many at a time, by turns with the controllers: what else the machine
// does, and how slow the API server becomes with all that it holds, is the same for all.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../src/api/index.ts'
import { apply, pool } from '../test/e2e/cluster.ts'
import {
  allAssigned,
  atOnce,
  bareEvent,
  barePatch,
  create,
  createAll,
  createForFloor,
  eventCount,
  eventsTold,
  names,
  seenOf,
  stopWatching,
  watchServices,
} from './assignments.ts'
import { type Contender, inTurns } from './contender.ts'
import { Figures } from './figures.ts'
import { costOf } from './process-cost.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({ services: 1200, trials: 3, paced: 200, pacedPerSecond: 20, live: 300 })
/** Of a trial. */
const PART = Math.ceil(SETTINGS.services / SETTINGS.trials)
const FLOOR_BOTH = 'floor: bare patches and events'
const FLOOR_PATCHES = 'floor: bare patches'

const figures = new Figures({
  rate: { what: 'assignments to Services that wait', unit: '/s', goal: '0.85 of the floor with events' },
  latency: { what: 'created to assigned, at leisure', unit: 'ms', goal: 'p99 three times the floor’s' },
  live: { what: `last creation to last assignment, ${SETTINGS.live} at once`, unit: 's' },
  cpu: { what: 'CPU of the controller for each', unit: 'ms' },
  writes: { what: 'writes of each Service', unit: '', goal: '1' },
})

/** The controller lies still while they are created, so that they all wait for it. */
async function burst(contender: Contender, prefix: string): Promise<void> {
  const all = names(prefix, PART)
  const { processes } = contender
  const before = costOf(processes)
  for (const pid of processes) process.kill(pid, 'SIGSTOP')
  await createAll(all)
  const events = await eventCount()
  const start = performance.now()
  for (const pid of processes) process.kill(pid, 'SIGCONT')
  await allAssigned(all)
  const seconds = (Math.max(...seenOf(all).map(({ assignedAt }) => assignedAt)) - start) / 1000
  await eventsTold(events, PART)
  figures.add('rate', contender.name, PART / seconds)
  figures.add('cpu', contender.name, (1000 * (costOf(processes).cpuSeconds - before.cpuSeconds)) / PART)
  const writes = seenOf(all).reduce((sum, each) => sum + each.writes, 0)
  figures.add('writes', contender.name, writes / PART)
}

async function floor(prefix: string): Promise<void> {
  const made = async (all: readonly string[]): Promise<Service[]> => {
    const services: Service[] = []
    await atOnce(all, async (name) => services.push(await createForFloor(name)))
    return services
  }
  const patched = await made(names(`${prefix}-patched`, PART))
  const told = await made(names(`${prefix}-told`, PART))
  figures.add('rate', FLOOR_PATCHES, PART / (await atOnce(patched, barePatch)))
  const both = async (service: Service): Promise<void> => {
    await barePatch(service)
    await bareEvent(service)
  }
  figures.add('rate', FLOOR_BOTH, PART / (await atOnce(told, both)))
}

/** One after the other, at a leisurely pace, whether the ones before are done or not. */
async function atLeisure(prefix: string, work: (name: string) => Promise<void>): Promise<void> {
  const working: Promise<void>[] = []
  for (const name of names(prefix, Math.ceil(SETTINGS.paced / SETTINGS.trials))) {
    working.push(work(name))
    await sleep(1000 / SETTINGS.pacedPerSecond)
  }
  await Promise.all(working)
}

async function latencies(contender: Contender, prefix: string): Promise<void> {
  const made: string[] = []
  await atLeisure(prefix, async (name) => {
    made.push(name)
    await create(name)
  })
  await allAssigned(made)
  figures.add('latency', contender.name, ...seenOf(made).map((each) => each.assignedAt - each.createdAt))
}

async function latencyFloor(prefix: string): Promise<void> {
  await atLeisure(prefix, async (name) => {
    const start = performance.now()
    await barePatch(await createForFloor(name))
    figures.add('latency', 'floor: created and patched', performance.now() - start)
  })
}

async function live(contender: Contender, prefix: string): Promise<void> {
  const all = names(prefix, Math.ceil(SETTINGS.live / SETTINGS.trials))
  await createAll(all)
  const createdAt = performance.now()
  await allAssigned(all)
  const lastAt = Math.max(...seenOf(all).map(({ assignedAt }) => assignedAt))
  figures.add('live', contender.name, Math.max(0, lastAt - createdAt) / 1000)
}

await apply(pool('bench', ['10.4.0.0/14']))
await watchServices()
await inTurns(SETTINGS.trials, { onlyController: true }, async ({ contender, trial, isFresh }) => {
  const prefix = `${contender.name}-${trial}`
  if (isFresh) {
    // What has just started compiles first.
    const first = names(`${prefix}-first`, 200)
    await createAll(first)
    await allAssigned(first)
  }
  await floor(`${prefix}-floor`)
  await burst(contender, `${prefix}-burst`)
  await latencyFloor(`${prefix}-paced-floor`)
  await latencies(contender, `${prefix}-paced`)
  await live(contender, `${prefix}-live`)
})
await stopWatching()
conclude('allocate', SETTINGS, figures)
process.exit()
