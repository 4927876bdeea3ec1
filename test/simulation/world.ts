// A simulated cluster on one segment: machines, what the API server knows, and who judges.
import {
  type Candidate,
  Instance,
  type InstanceInit,
  type Intent,
  candidateOrder,
} from '../../src/election/index.ts'
import type { Address } from '../../src/ip/index.ts'
import { Agenda } from './agenda.ts'
import { Judge, formatIndex } from './judge.ts'
import { Machine } from './machine.ts'
import { Random } from './random.ts'
import { Segment } from './segment.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../src/election/index.ts'

const STALE_AFTER_MS = 30_000

export interface WorldInit {
  readonly seed: number
  readonly machines: number
  readonly addresses: number
  /** ms, least and most. */
  readonly delay?: readonly [number, number]
  readonly settings?: Partial<Settings>
  /** The last two machines are two interfaces of one node. */
  readonly hasTwins?: boolean
  /** Makes an instance with a defect, to see that the judge notices. */
  readonly create?: (init: InstanceInit) => Instance
  /** Gets a line for everything that happens. */
  readonly log?: (line: string) => void
  /** And one for every hello. */
  readonly logsHellos?: boolean
}

/** By node: its score; who may not hold the address is missing. */
export type Scores = Readonly<Record<string, number>>

export class World {
  readonly agenda = new Agenda()
  readonly random: Random
  readonly segment: Segment
  readonly machines: readonly Machine[]
  readonly addresses: readonly Address[]
  readonly judge: Judge
  readonly create: (init: InstanceInit) => Instance
  readonly tracesHellos: boolean
  readonly #log: ((line: string) => void) | undefined
  /** What the API server says, by address. */
  readonly #scores: Scores[]
  #intents: readonly Intent[] = []
  readonly #cutSince = new Map<Machine, number>()

  constructor({
    seed,
    machines,
    addresses,
    delay = [0.1, 1],
    settings,
    hasTwins,
    create,
    log,
    logsHellos,
  }: WorldInit) {
    this.random = new Random(seed)
    this.create = create ?? ((init) => new Instance(init))
    this.#log = log
    this.tracesHellos = logsHellos === true
    this.segment = new Segment(this.agenda, this.random, machines, delay)
    this.addresses = Array.from({ length: addresses }, (_, index) => addressOf(index))
    this.machines = Array.from({ length: machines }, (_, index) => {
      const isTwin = hasTwins === true && index === machines - 1 && index > 0
      return new Machine(this, index, nameOf(isTwin ? index - 1 : index), {
        ...DEFAULT_SETTINGS,
        ...settings,
      })
    })
    this.segment.machines = this.machines
    this.judge = new Judge(this)
    const everybody = Object.fromEntries(this.machines.map(({ name }) => [name, 0]))
    this.#scores = this.addresses.map(() => everybody)
    this.#compute()
    for (const machine of this.machines) machine.know(this.#intents, false)
  }

  /** Sets what the API server says; each machine learns it at once. Only before the start. */
  declare(address: number, scores: Scores): void {
    this.#scores[address] = scores
    this.#compute()
    for (const machine of this.machines) machine.know(this.#intents, false)
  }

  /** The API server's word changes; each machine learns it some time later. */
  change(address: number, scores: Scores): void {
    this.#scores[address] = scores
    this.#compute()
    this.trace(null, `api: ${formatIndex(address)} ${JSON.stringify(scores)}`)
    for (const machine of this.machines)
      this.after(
        this.random.chance(0.7) ? this.random.between(5, 100) : this.random.between(100, 3000),
        () => {
          if (!this.#cutSince.has(machine)) machine.know(this.#intents, false)
        },
      )
  }

  cutApi(machine: Machine): void {
    if (this.#cutSince.has(machine)) return
    const since = this.agenda.now
    this.#cutSince.set(machine, since)
    this.after(STALE_AFTER_MS, () => {
      if (this.#cutSince.get(machine) === since) machine.know(machine.intents, true)
    })
  }

  restoreApi(machine: Machine): void {
    if (this.#cutSince.delete(machine)) machine.know(this.#intents, false)
  }

  isCut(machine: Machine): boolean {
    return this.#cutSince.has(machine)
  }

  isEligible(machine: Machine, address: number): boolean {
    return this.#scores[address]?.[machine.name] !== undefined
  }

  after(delay: number, happen: () => void): void {
    this.agenda.at(this.agenda.now + delay, { happen })
  }

  at(time: number, happen: () => void): void {
    this.agenda.at(time, { happen })
  }

  trace(machine: Machine | null, text: string): void {
    this.#log?.(`${this.agenda.now.toFixed(1).padStart(9)} ${(machine?.name ?? '').padEnd(7)} ${text}`)
  }

  get isTraced(): boolean {
    return this.#log !== undefined
  }

  #compute(): void {
    this.#intents = this.addresses.map((address, index) => {
      const scores = this.#scores[index] ?? {}
      const candidates: Candidate[] = Object.entries(scores).map(([node, score]) => ({ node, score }))
      return { address, candidates: candidateOrder(address, candidates) }
    })
  }
}

function nameOf(index: number): string {
  return `node-${'abcdefghijklmnopqrstuvwxyz'[index] ?? index}`
}

function addressOf(index: number): Address {
  return { family: 'IPv4', value: 0xc000_0200n + BigInt(index) }
}
