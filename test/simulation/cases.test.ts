// Directed runs: what broke an earlier set of rules, each in the shortest form.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type FaultName, filter, split, strike } from './faults.ts'
import type { Machine } from './machine.ts'
import type { Hello } from '../../src/packet/index.ts'
import { World, type WorldInit } from './world.ts'

const SEEDS = [1, 2, 3, 4]

/** A cluster that was started at once, of three machines and six addresses unless said otherwise, 6 s later. */
function cluster(seed: number, init: Partial<WorldInit> = {}): Cluster {
  return new Cluster(new World({ seed, machines: 3, addresses: 6, ...init }))
}

class Cluster {
  readonly world: World
  constructor(world: World, settleMs = 6000) {
    this.world = world
    for (const machine of world.machines) world.at(0, () => machine.start())
    this.until(settleMs)
  }

  until(time: number): this {
    this.world.agenda.run(time)
    return this
  }

  machine(index: number): Machine {
    return this.world.machines[index] as Machine
  }

  strike(fault: FaultName, index: number, duration: number): this {
    strike(this.world, fault, this.machine(index), duration)
    return this
  }

  /** Restarts the machines one by one, as a rollout does; returns for how many ms nobody answered for some address. */
  roll(indexes: readonly number[], addresses: readonly number[]): number {
    let unanswered = 0
    for (const index of indexes) {
      this.strike('terminate', index, 500)
      for (const end = this.world.agenda.now + 15_000; this.world.agenda.now < end;) {
        this.until(this.world.agenda.now + 5)
        const { holders } = this
        if (addresses.some((address) => holders[address] === '')) unanswered += 5
      }
    }
    return unanswered
  }

  /** Names of who answers, by address. */
  get holders(): string[] {
    return this.world.addresses.map((_, address) =>
      this.world.machines
        .filter((machine) => machine.answers(address))
        .map(({ name }) => name)
        .join(' '),
    )
  }

  /** How many addresses `index` answers for alone. */
  held(index: number): number {
    return this.holders.filter((names) => names === this.machine(index).name).length
  }

  assertOneHolderEach(): void {
    for (const names of this.holders) assert.match(names, /^node-\w+$/)
  }
}

function forEachSeed(title: string, run: (seed: number) => void): void {
  test(title, () => {
    for (const seed of SEEDS) run(seed)
  })
}

forEachSeed('a network card that only sends costs its own addresses, and no others', (seed) => {
  const cut = cluster(seed)
  const before = cut.holders
  cut.world.judge.innocents = new Set([cut.machine(1), cut.machine(2)])
  for (const other of [1, 2]) cut.world.segment.impair(other, 0, 1)
  cut.until(30_000)
  for (const [address, names] of cut.holders.entries()) {
    const healthy = names.split(' ').filter((name) => name !== 'node-a')
    assert.equal(healthy.length, 1, names)
    if (before[address] !== 'node-a') assert.deepEqual(healthy, [before[address]])
  }
  assert.deepEqual(cut.world.judge.violations, [])
})

forEachSeed('a network card that hears next to nothing ends with no address', (seed) => {
  for (const loss of [0.7, 0.9, 0.97]) {
    const cut = cluster(seed, { machines: 5 })
    for (const other of [1, 2, 3, 4]) cut.world.segment.impair(other, 0, loss)
    cut.until(120_000)
    for (const names of cut.holders) assert.equal(names.replace(/node-a ?/, '').split(' ').length, 1, names)
    assert.equal(cut.held(0), 0)
  }
})

forEachSeed('who was cut off, again and again, takes nothing from the others when it returns', (seed) => {
  const cut = cluster(seed)
  cut.world.judge.innocents = new Set([cut.machine(1), cut.machine(2)])
  for (let round = 0; round < 5; round++) cut.strike('port', 0, 3000).until(cut.world.agenda.now + 8000)
  cut.assertOneHolderEach()
  assert.equal(cut.held(0), 0)
  assert.deepEqual(cut.world.judge.violations, [])
})

forEachSeed('views that differ about who may hold an address do not make it move to and fro', (seed) => {
  const cut = cluster(seed, { addresses: 1 })
  cut.world.cutApi(cut.machine(0))
  cut.world.change(0, { 'node-b': 0 })
  cut.until(20_000).world.judge.countMoves('moves', 1)
  cut.until(90_000)
  cut.assertOneHolderEach()
  assert.deepEqual(cut.world.judge.violations, [])
})

forEachSeed('two halves whose preferences differ agree on one holder within a moment', (seed) => {
  const cut = cluster(seed, { machines: 2 })
  split(cut.world, [cut.machine(0)], 10_000)
  const prefer = (name: string) => () => {
    for (let address = 0; address < 6; address++)
      cut.world.change(address, { 'node-a': 0, 'node-b': 0, [name]: 10 })
  }
  cut.world.cutApi(cut.machine(1))
  prefer('node-a')()
  cut.until(12_000)
  cut.world.cutApi(cut.machine(0))
  cut.world.restoreApi(cut.machine(1))
  prefer('node-b')()
  cut.until(16_200)
  cut.assertOneHolderEach()
})

forEachSeed('an API server that is away moves nothing, whenever each machine notices it', (seed) => {
  const cut = cluster(seed)
  const before = cut.holders
  for (let index = 0; index < 3; index++)
    cut.world.after(8000 * index, () => cut.world.cutApi(cut.machine(index)))
  cut.until(90_000)
  assert.deepEqual(cut.holders, before)
})

forEachSeed('a machine that dies while the API server is away is replaced', (seed) => {
  const cut = cluster(seed)
  for (const machine of cut.world.machines) cut.world.cutApi(machine)
  cut.until(60_000).machine(0).crash()
  cut.until(60_500).assertOneHolderEach()
})

test('a machine that dies just after a cold start is replaced in half a second', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const young = new Cluster(new World({ seed, machines: 3, addresses: 6 }), 2500)
    young.machine(seed % 3).crash()
    young.until(3000).assertOneHolderEach()
  }
})

forEachSeed('where the switch begins to swallow hellos, there is one holder all the same', (seed) => {
  const cut = cluster(seed, { machines: 4 })
  filter(cut.world, [cut.machine(0), cut.machine(1)], 1e9)
  cut.until(22_000).assertOneHolderEach()
})

forEachSeed('where it always did, too, and a holder that dies is replaced', (seed) => {
  const world = new World({ seed, machines: 4, addresses: 6 })
  filter(world, [world.machines[0] as Machine, world.machines[1] as Machine], 1e9)
  const cut = new Cluster(world, 20_000)
  cut.assertOneHolderEach()
  cut.machine(0).crash()
  cut.until(36_000).assertOneHolderEach()
})

forEachSeed('of two holders one of which does not hear the other, the one that hears gives up', (seed) => {
  const world = new World({ seed, machines: 3, addresses: 6 })
  world.segment.impair(0, 1, 1)
  new Cluster(world, 12_000).assertOneHolderEach()
})

forEachSeed('a loop that stalls for 600 ms moves its own addresses at most', (seed) => {
  const cut = cluster(seed)
  const before = cut.holders
  cut.machine(0).isStalled = true
  cut.world.after(600, () => cut.machine(0).resume())
  cut.until(12_000)
  for (const [address, names] of cut.holders.entries())
    if (before[address] !== 'node-a') assert.equal(names, before[address])
  cut.assertOneHolderEach()
})

forEachSeed('what was given up while its cable was out keeps nobody waiting', (seed) => {
  for (const [duration, fault] of [
    [4500, 'cable'],
    [7000, 'cable'],
    [4500, 'freeze'],
  ] as const) {
    const world = new World({ seed, machines: 3, addresses: 1 })
    world.declare(0, { 'node-b': 0 })
    const cut = new Cluster(world, 8000).strike(fault, 0, duration).until(8200)
    world.declare(0, { 'node-a': 0 })
    cut.until(8000 + duration + 1600)
    assert.deepEqual(cut.holders, ['node-a'])
  }
})

forEachSeed('of two machines the one that was frozen gets back only what it never lost', (seed) => {
  const cut = cluster(seed, { machines: 2 })
  cut.strike('freeze', 0, 3000).until(20_000)
  cut.assertOneHolderEach()
  assert.equal(cut.held(0), 0)
})

forEachSeed('a preferred machine whose cable comes and goes waits longer each time', (seed) => {
  const world = new World({ seed, machines: 3, addresses: 1 })
  world.declare(0, { 'node-a': 10, 'node-b': 0, 'node-c': 0 })
  const cut = new Cluster(world, 8000)
  cut.world.judge.countMoves('moves', 8)
  for (let round = 0; round < 30; round++) cut.strike('cable', 0, 2000).until(cut.world.agenda.now + 10_000)
  cut.until(400_000)
  assert.deepEqual(cut.world.judge.violations, [])
})

forEachSeed('a restart of everything begins anew', (seed) => {
  const cut = cluster(seed)
  for (let index = 0; index < 3; index++) cut.strike('crash', index, 1000)
  cut.until(12_000).assertOneHolderEach()
})

forEachSeed('machines with other settings hold addresses, too', (seed) => {
  const world = new World({ seed, machines: 3, addresses: 12 })
  const [slow] = world.machines
  assert.ok(slow)
  slow.settings = { ...slow.settings, helloInterval: 1000, deadInterval: 4000 }
  const cut = new Cluster(world, 12_000)
  cut.assertOneHolderEach()
  const held = cut.held(0)
  cut.until(60_000)
  assert.equal(cut.held(0), held)
})

forEachSeed('a machine that was frozen takes nothing, though it waits longer than the others', (seed) => {
  const lines: string[] = []
  const world = new World({ seed, machines: 3, addresses: 6, log: (line) => lines.push(line) })
  const [patient] = world.machines
  assert.ok(patient)
  patient.settings = { ...patient.settings, deadInterval: 5000 }
  const cut = new Cluster(world, 20_000)
  lines.length = 0
  cut.strike('freeze', 0, 1000).until(25_000)
  assert.deepEqual(
    lines.filter((line) => /node-a .*-> active/.test(line)),
    [],
  )
})

forEachSeed('two interfaces of one node on one segment are two speakers', (seed) => {
  const world = new World({ seed, machines: 2, addresses: 6, hasTwins: true })
  const cut = new Cluster(world)
  cut.assertOneHolderEach()
  cut.machine(0).crash()
  cut.until(6500).assertOneHolderEach()
})

forEachSeed('of a hundred speakers one that dies is replaced in half a second', (seed) => {
  if (seed > 1) return
  const cut = cluster(seed, { machines: 100, addresses: 200 })
  cut.assertOneHolderEach()
  cut.machine(0).crash()
  cut.machine(1).crash()
  cut.until(6500).assertOneHolderEach()
})

forEachSeed(
  'where hellos are rare, who was cut off just after another died takes nothing back either',
  (seed) => {
    for (const after of [900, 950, 1000, 1050, 1100]) {
      const cut = cluster(seed, { machines: 5, addresses: 12, settings: { helloInterval: 250 } })
      cut.machine(1).crash()
      cut.until(6000 + after)
      const mend = cut.machine(2).unplug(false)
      cut.until(cut.world.agenda.now + 4000)
      const healthy = cut.holders.map((names) => names.replace(/ ?node-c ?/, ''))
      mend()
      cut.until(cut.world.agenda.now + 6000)
      for (const [address, names] of cut.holders.entries())
        if (healthy[address] !== '') assert.equal(names, healthy[address])
    }
  },
)

forEachSeed('a restarted speaker does not wait for candidates that live on another segment', (seed) => {
  const world = new World({ seed, machines: 6, addresses: 6 })
  const racks = [world.machines.slice(0, 3), world.machines.slice(3)] as const
  const scoresOf = (rack: readonly Machine[]) => Object.fromEntries(rack.map(({ name }) => [name, 0]))
  split(world, racks[0], 1e9)
  for (let address = 0; address < 6; address++) world.declare(address, address < 3 ? scoresOf(racks[0]) : {})
  const cut = new Cluster(world)
  for (const address of [3, 4, 5]) world.change(address, scoresOf(racks[1]))
  cut.until(20_000).assertOneHolderEach()
  assert.equal(cut.roll([0, 1, 2], [0, 1, 2]), 0)
  if (seed > 1) return
  const before = cut.holders
  cut.until(800_000)
  assert.deepEqual(cut.holders, before)
})

forEachSeed('nor for those that have been off for long', (seed) => {
  const world = new World({ seed, machines: 6, addresses: 6 })
  const scores = Object.fromEntries(world.machines.slice(0, 3).map(({ name }) => [name, 0]))
  for (let address = 0; address < 6; address++) world.declare(address, scores)
  const off = world.machines.slice(3)
  for (const machine of off) machine.start = () => undefined
  const cut = new Cluster(world)
  for (let address = 0; address < 6; address++)
    world.change(address, { ...scores, ...Object.fromEntries(off.map(({ name }) => [name, 0])) })
  cut.until(20_000)
  assert.equal(cut.roll([0, 1, 2], [0, 1, 2, 3, 4, 5]), 0)
  cut.assertOneHolderEach()
})

test('a recording of a speaker that died long ago moves nothing', () => {
  const world = new World({ seed: 1, machines: 3, addresses: 6 })
  const recorded: Hello[] = []
  const send = world.segment.sendHello.bind(world.segment)
  world.segment.sendHello = (from, hello) => {
    if (from.index === 1 && world.agenda.now < 10_000) recorded.push(hello)
    send(from, hello)
  }
  const cut = new Cluster(world, 10_000).strike('crash', 1, 1000).until(700_000)
  const before = cut.holders
  for (const hello of recorded) {
    cut.machine(0).hear(hello, cut.machine(1))
    cut.machine(2).hear(hello, cut.machine(1))
    cut.until(world.agenda.now + 50)
    assert.deepEqual(cut.holders, before)
  }
})
