// From a number to a run: which cluster, which faults, which promises.
import { FAULTS, type FaultName, filter, split, strike } from './faults.ts'
import type { Machine } from './machine.ts'
import type { Violation } from './judge.ts'
import { Random } from './random.ts'
import { World, type WorldInit } from './world.ts'

export const DURATION_MS = 100_000
const FAULTS_FROM_MS = 5000
const FAULTS_UNTIL_MS = 70_000
const REST_MS = 9000
const REST_FILTERED_MS = 16_000
const CHECK_EVERY_MS = 500
const OUTAGE_MS = 500
const MOVES = 3
const MOVES_PREFERRED = 5

export interface Result {
  readonly scenario: string
  readonly violations: readonly Violation[]
}

/** Sets faults up in a world whose machines start within the first seconds; returns when the last one is over. */
type Scenario = (world: World, random: Random) => number

const ANY: readonly FaultName[] = Object.keys(FAULTS) as FaultName[]

const SCENARIOS: Record<string, Scenario> = {
  /** One machine fails, nothing else happens. */
  single(world, random) {
    const victim = random.pick(world.machines)
    const fault = random.pick(['crash', 'cable', 'port', 'freeze'] as const)
    const at = random.between(8000, 15_000)
    const duration = random.between(10_000, 60_000)
    world.at(at, () => {
      const held = [...(victim.process?.held.keys() ?? [])]
      world.judge.expectTakeover(victim, held, OUTAGE_MS)
      strike(world, fault, victim, duration)
    })
    world.judge.innocents = world.machines.length > 2 ? others(world, [victim]) : new Set()
    return at + duration
  },

  /** One machine comes and goes. */
  flapping(world, random) {
    const victim = random.pick(world.machines)
    const fault = random.pick(['crash', 'cable', 'freeze', 'port', 'terminate'] as const)
    const [up, down] = [random.between(3000, 8000), random.between(600, 3000)]
    world.at(FAULTS_FROM_MS + 3000, () => world.judge.countMoves('flapping', 1))
    let at = FAULTS_FROM_MS + 3000
    for (; at + down < FAULTS_UNTIL_MS; at += down + up) {
      const start = at
      world.at(start, () => strike(world, fault, victim, down))
    }
    return at
  },

  /** All sorts of faults, of less than half of the machines. */
  minority(world, random) {
    const victims = random.shuffled(world.machines).slice(0, Math.floor((world.machines.length - 1) / 2))
    if (victims.length > 0) {
      world.judge.innocents = others(world, victims)
      shower(world, random, victims, random.whole(2, 10), ANY, FAULTS_UNTIL_MS)
    }
    return FAULTS_UNTIL_MS
  },

  /** All sorts of faults, of everybody, on a bad segment. */
  chaos(world, random) {
    shower(world, random, world.machines, random.whole(4, 30), ANY, FAULTS_UNTIL_MS)
    if (random.chance(0.4)) lose(world, random)
    if (random.chance(0.3)) splits(world, random)
    if (random.chance(0.3)) preferences(world, random)
    return FAULTS_UNTIL_MS
  },

  partition(world, random) {
    splits(world, random)
    shower(
      world,
      random,
      world.machines,
      random.whole(0, 3),
      ['crash', 'terminate', 'stall'],
      FAULTS_UNTIL_MS,
    )
    return FAULTS_UNTIL_MS
  },

  /** The switch swallows hellos for a while or for ever, and machines fail meanwhile. */
  filtered(world, random) {
    const group = random.shuffled(world.machines).slice(0, random.whole(1, world.machines.length - 1))
    const from = random.chance(0.3) ? 0 : random.between(FAULTS_FROM_MS, 20_000)
    const duration = random.chance(0.5) ? 2 * DURATION_MS : random.between(5000, FAULTS_UNTIL_MS - 20_000)
    world.at(from, () => filter(world, group, duration))
    shower(world, random, world.machines, random.whole(0, 3), ['crash', 'terminate'], 60_000)
    return from + duration > DURATION_MS ? 60_000 : Math.max(60_000, from + duration)
  },

  /** The cluster changes its mind, and machines learn it at different times or not at all. */
  intents(world, random) {
    preferences(world, random)
    shower(world, random, world.machines, random.whole(0, 4), ['cutApi', 'cutApi', 'crash'], FAULTS_UNTIL_MS)
    return FAULTS_UNTIL_MS
  },

  /** One machine after the other is restarted, as a rollout does. */
  rollout(world, random) {
    return restartAll(world, random, FAULTS_FROM_MS + 3000)
  },

  /** The same in two racks that hear nothing of each other, with addresses of their own; one gets some of its later. */
  racks(world, random) {
    const middle = Math.ceil(world.machines.length / 2)
    const racks = [world.machines.slice(0, middle), world.machines.slice(middle)]
    split(world, racks[0] ?? [], 2 * DURATION_MS)
    for (let address = 0; address < world.addresses.length; address++) {
      const rack = racks[address % 2] ?? []
      const scores = Object.fromEntries(rack.map(({ name }) => [name, 0]))
      const isLate = address % 2 === 1 || random.chance(0.3)
      world.declare(address, isLate ? {} : scores)
      if (isLate) world.at(FAULTS_FROM_MS, () => world.change(address, scores))
    }
    return restartAll(world, random, FAULTS_FROM_MS + 6000)
  },
}

function restartAll(world: World, random: Random, from: number): number {
  world.at(from, () => world.judge.expectAnswers())
  let at = from
  for (const machine of world.machines) {
    world.at(at, () => strike(world, 'terminate', machine, random.between(500, 3000)))
    at += random.between(5000, 8000)
  }
  return at
}

export type Options = Pick<WorldInit, 'create' | 'log' | 'logsHellos'>

export function scenarioOf(seed: number): string {
  const names = Object.keys(SCENARIOS)
  return names[seed % names.length] as string
}

/** The scenario of `seed`, played to its end. */
export function play(seed: number, options: Options = {}): Result {
  const random = new Random(seed)
  const name = scenarioOf(seed)
  const isSmall = random.chance(0.7)
  const world = new World({
    seed: seed ^ 0x5eed,
    machines: isSmall ? random.whole(2, 4) : random.whole(5, 7),
    addresses: random.whole(1, 6),
    delay: random.pick([
      [0.1, 0.3],
      [0.1, 1],
      [0.5, 5],
    ] as const),
    settings: {
      ...(random.chance(0.3) && name !== 'single' ? { helloInterval: 100, deadInterval: 750 } : {}),
      failback: random.chance(0.2) && name !== 'flapping' ? 'always' : 'preferred',
    },
    hasTwins: !['minority', 'single', 'flapping', 'racks'].includes(name) && random.chance(0.1),
    ...options,
  })
  // Who is cut off notices by the longer ones that it has no quorum, and takes from who has a short one before.
  const isMixed = name !== 'single' && random.chance(0.2)
  if (isMixed && name !== 'flapping' && name !== 'minority') mixDeadIntervals(world, random)
  if (random.chance(0.2)) world.segment.reorders = true
  if (random.chance(0.2)) world.segment.duplicates = 0.05
  if (name !== 'flapping' && random.chance(0.3)) declarePreferences(world, random)
  const spread = random.pick([0, 100, 2000])
  for (const machine of world.machines) world.at(random.between(0, spread), () => machine.start())
  const last = SCENARIOS[name]?.(world, random) ?? 0
  world.trace(null, `scenario ${name}: the last fault is over at ${last.toFixed(0)}`)
  judgeRest(world, name, last)
  world.agenda.run(DURATION_MS)
  return { scenario: name, violations: world.judge.violations }
}

function judgeRest(world: World, name: string, last: number): void {
  const isFiltered = name === 'filtered'
  const restsFrom = last + (isFiltered ? REST_FILTERED_MS : REST_MS)
  const changes = name === 'intents' || name === 'chaos'
  if (name !== 'flapping')
    world.at(last, () => world.judge.countMoves('moves', changes ? MOVES_PREFERRED : MOVES))
  world.judge.restsFrom = restsFrom
  for (let at = restsFrom; at < DURATION_MS - CHECK_EVERY_MS; at += CHECK_EVERY_MS)
    world.at(at, () => world.judge.checkHolders())
}

function shower(
  world: World,
  random: Random,
  victims: readonly Machine[],
  count: number,
  names: readonly FaultName[],
  until: number,
): void {
  for (let index = 0; index < count; index++) {
    const name = random.pick(names)
    const at = random.between(FAULTS_FROM_MS, until - 3000)
    const most = name === 'cutApi' ? 60_000 : random.pick([1000, 4000, 20_000])
    const duration = Math.min(random.between(100, most), until - at - 2000)
    const victim = random.pick(victims)
    world.at(at, () => strike(world, name, victim, Math.max(duration, 1)))
  }
}

function splits(world: World, random: Random): void {
  for (let at = FAULTS_FROM_MS + random.between(0, 10_000); at < FAULTS_UNTIL_MS - 25_000; at += 20_000) {
    const group = random.shuffled(world.machines).slice(0, random.whole(1, world.machines.length - 1))
    const start = at
    world.at(start, () => split(world, group, random.between(200, 15_000)))
  }
}

function lose(world: World, random: Random): void {
  const from = random.between(FAULTS_FROM_MS, 40_000)
  const loss = random.pick([0.02, 0.1, 0.3])
  world.at(from, () => {
    world.trace(null, `fault: ${loss} of all frames are lost`)
    world.segment.setLossEverywhere(loss)
    world.judge.linksChanged()
  })
  world.at(random.between(from, FAULTS_UNTIL_MS), () => {
    world.trace(null, 'fault: frames are lost no more')
    world.segment.setLossEverywhere(0)
    world.judge.linksChanged()
  })
}

function preferences(world: World, random: Random): void {
  for (let count = random.whole(1, 12); count > 0; count--)
    world.at(random.between(FAULTS_FROM_MS, FAULTS_UNTIL_MS - 4000), () =>
      world.change(random.whole(0, world.addresses.length - 1), someScores(world, random)),
    )
}

function declarePreferences(world: World, random: Random): void {
  for (let address = 0; address < world.addresses.length; address++)
    world.declare(address, someScores(world, random))
}

/** As while another one is rolled out. */
function mixDeadIntervals(world: World, random: Random): void {
  const deadInterval = random.pick([500, 1000, 2000])
  for (const machine of world.machines)
    if (random.chance(0.5)) machine.settings = { ...machine.settings, deadInterval }
}

function someScores(world: World, random: Random): Record<string, number> {
  const likelihood = random.pick([0.3, 0.7, 1])
  const scores = random.pick([[0], [0, 10], [0, 10, 20]])
  return Object.fromEntries(
    world.machines.filter(() => random.chance(likelihood)).map(({ name }) => [name, random.pick(scores)]),
  )
}

function others(world: World, victims: readonly Machine[]): Set<Machine> {
  return new Set(world.machines.filter((machine) => !victims.includes(machine)))
}
