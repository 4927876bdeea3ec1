// Watches a simulated cluster, and says when a promise of the protocol is broken.
import type { Transition } from '../../src/election/index.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

/**
 * - `oneHolder`: after the last fault each address has exactly one holder, which may hold it.
 * - `rest`: and it moves no more, except to a preferred node.
 * - `duplicate`: two holders that hear each other become one.
 * - `innocent`: who suffers no fault loses no address.
 * - `outage`: after a single crash everything is held again within half a second.
 * - `handover`: a planned restart leaves no moment in which nobody answers.
 * - `moves`: an address moves only a few times after the last fault.
 * - `flapping`: a single node that comes and goes does not take its addresses with it each time.
 */
export type Promised =
  'oneHolder' | 'rest' | 'duplicate' | 'innocent' | 'outage' | 'handover' | 'moves' | 'flapping'

export interface Violation {
  readonly promise: Promised
  readonly at: number
  readonly text: string
}

const RECHECK_MS = 200
/** Who holds an address for a shorter time was a mistake of its own; no client followed. */
const VISIBLE_MS = 250

export class Judge {
  readonly #world: World
  readonly violations: Violation[] = []
  /** Machines that no fault will hit. */
  innocents: Set<Machine> = new Set()
  /** From then on everything has to be at rest. */
  restsFrom = Infinity
  /** Moves are counted since then, and no more than so many are granted. */
  #movesFrom = Infinity
  #expectsAnswers = false
  /** Addresses that somebody answered for at the last look. */
  readonly #answered = new Set<number>()
  #movesGranted = Infinity
  #movesPromise: Promised = 'moves'
  readonly #moves: number[]
  readonly #lastHolder: (Machine | null)[]
  /** By address: why each machine took it last. */
  readonly #causes: Map<Machine, { readonly cause: string; readonly at: number }>[]
  /** Pairs of holders that hear each other, by address and machines. */
  readonly #pairs = new Map<number, object>()

  constructor(world: World) {
    this.#world = world
    this.#moves = world.addresses.map(() => 0)
    this.#lastHolder = world.addresses.map(() => null)
    this.#causes = world.addresses.map(() => new Map())
  }

  countMoves(promise: Promised, granted: number): void {
    this.#movesPromise = promise
    this.#movesGranted = granted
    this.#movesFrom = this.#world.agenda.now
    this.#moves.fill(0)
  }

  transition(machine: Machine, address: number, { from, to, cause }: Transition): void {
    const { now } = this.#world.agenda
    if (this.#world.isTraced)
      this.#world.trace(machine, `${formatIndex(address)} ${from} -> ${to} (${cause})`)
    if (to === 'active' && from !== 'yielding') this.#taken(machine, address, cause, now)
    const isLoss = from === 'active' && (cause === 'outranked' || cause === 'unheard' || cause === 'stranger')
    const since = this.#causes[address]?.get(machine)?.at ?? 0
    if (isLoss && this.innocents.has(machine) && now - since > VISIBLE_MS && !this.#isPreferredHeld(address))
      this.#violate('innocent', `${machine.name} lost ${formatIndex(address)}: ${cause}`)
  }

  #taken(machine: Machine, address: number, cause: string, now: number): void {
    this.#causes[address]?.set(machine, { cause, at: now })
    if (cause !== 'preferred' && now >= this.restsFrom)
      this.#violate('rest', `${machine.name} takes ${formatIndex(address)}: ${cause}`)
    this.#watchMove(machine, address)
  }

  /** A move counts when it has been there for all to see for a while. */
  #watchMove(machine: Machine, address: number): void {
    const { hasCarrier } = machine
    this.#world.after(VISIBLE_MS, () => {
      if (!machine.answers(address)) return
      if (hasCarrier && machine.hasCarrier) this.#moved(machine, address)
      else this.#watchMove(machine, address)
    })
  }

  /** Rule 9 gave it to somebody. */
  #isPreferredHeld(address: number): boolean {
    return this.#world.machines.some(
      (machine) => machine.answers(address) && this.#causes[address]?.get(machine)?.cause === 'preferred',
    )
  }

  #moved(machine: Machine, address: number): void {
    const isMove = this.#lastHolder[address] !== null && this.#lastHolder[address] !== machine
    this.#lastHolder[address] = machine
    if (this.#world.agenda.now < this.#movesFrom || !isMove) return
    const moves = (this.#moves[address] ?? 0) + 1
    this.#moves[address] = moves
    if (moves === this.#movesGranted + 1)
      this.#violate(this.#movesPromise, `${formatIndex(address)} moves more than ${this.#movesGranted} times`)
  }

  gone(machine: Machine): void {
    for (const [key] of this.#pairs) {
      const { one, other } = this.#pairOf(key)
      if (one === machine || other === machine) this.#pairs.delete(key)
    }
  }

  /** From now on an address that is answered for is so at every moment, as long as anybody can. */
  expectAnswers(): void {
    this.#expectsAnswers = true
    this.linksChanged()
  }

  #checkAnswers(address: number): void {
    const { machines } = this.#world
    if (machines.some((machine) => machine.answers(address))) this.#answered.add(address)
    else if (this.#answered.delete(address)) {
      const isAble = machines.some((machine) => this.#isAble(machine, address) && machine.mayClaim)
      if (isAble) this.#violate('handover', `nobody answers for ${formatIndex(address)}`)
    }
  }

  /** Somebody began or ceased to hold `address`. */
  holdersChanged(address: number): void {
    if (this.#expectsAnswers) this.#checkAnswers(address)
    const { machines } = this.#world
    for (let one = 0; one < machines.length; one++)
      for (let other = one + 1; other < machines.length; other++)
        this.#pairChanged(address, machines[one] as Machine, machines[other] as Machine)
  }

  /** Links, or machines, are better or worse than they were. */
  linksChanged(): void {
    for (let address = 0; address < this.#world.addresses.length; address++) this.holdersChanged(address)
  }

  #pairChanged(address: number, one: Machine, other: Machine): void {
    const key = (address * 64 + one.index) * 64 + other.index
    if (!this.#hearEachOther(address, one, other)) {
      this.#pairs.delete(key)
      return
    }
    if (this.#pairs.has(key)) return
    const pair = {}
    this.#pairs.set(key, pair)
    const hello = Math.max(one.settings.helloInterval, other.settings.helloInterval)
    this.#world.after(2 * hello + 2 * this.#world.segment.delay[1] + 30, () => {
      if (this.#pairs.get(key) !== pair) return
      if (this.#hearEachOther(address, one, other) && one.answers(address) && other.answers(address))
        this.#violate('duplicate', `${one.name} and ${other.name} both hold ${formatIndex(address)}`)
      this.#pairs.delete(key)
    })
  }

  #hearEachOther(address: number, one: Machine, other: Machine): boolean {
    if (one.process?.held.has(address) !== true || other.process?.held.has(address) !== true) return false
    // Who gives it up waits for somebody who hears: a peer that was deaf until now does not relieve it.
    if (one.distrusts(other, address) || other.distrusts(one, address)) return false
    return !one.isBusy && !other.isBusy && this.#world.segment.isClear(one.index, other.index)
  }

  #pairOf(key: number): { one: Machine | undefined; other: Machine | undefined } {
    const { machines } = this.#world
    return { one: machines[Math.floor(key / 64) % 64], other: machines[key % 64] }
  }

  /** Each address that some machine can hold has exactly one holder; a doubt is looked at again. */
  checkHolders(): void {
    for (let address = 0; address < this.#world.addresses.length; address++) {
      if (this.#complaint(address) === null) continue
      this.#world.after(RECHECK_MS, () => {
        const complaint = this.#complaint(address)
        if (complaint !== null) this.#violate('oneHolder', complaint)
      })
    }
  }

  #complaint(address: number): string | null {
    const { machines } = this.#world
    const holders = machines.filter((machine) => machine.answers(address))
    const able = machines.filter((machine) => this.#isAble(machine, address))
    const names = holders.map(({ name }) => name).join(', ')
    if (able.length === 0)
      return holders.length === 0 ? null : `${formatIndex(address)} held by ${names}, in vain`
    if (holders.length !== 1) return `${formatIndex(address)} held by ${names || 'nobody'}`
    return able.includes(holders[0] as Machine)
      ? null
      : `${formatIndex(address)} held by ${names}, which may not`
  }

  #isAble(machine: Machine, address: number): boolean {
    return machine.process !== null && machine.hasCarrier && this.#world.isEligible(machine, address)
  }

  /** The addresses of `victim`, which has just failed for good, are held by others before `within` ms are over. */
  expectTakeover(victim: Machine, held: readonly number[], within: number): void {
    const { machines } = this.#world
    this.#world.after(within, () => {
      for (const address of held) {
        const able = machines.some(
          (machine) =>
            machine !== victim && machine.process !== null && this.#world.isEligible(machine, address),
        )
        const isHeld = machines.some((machine) => machine !== victim && machine.answers(address))
        if (able && !isHeld) this.#violate('outage', `${formatIndex(address)} unanswered for ${within} ms`)
      }
    })
  }

  #violate(promise: Promised, text: string): void {
    this.violations.push({ promise, at: this.#world.agenda.now, text })
    this.#world.trace(null, `VIOLATION ${promise}: ${text}`)
  }
}

export function formatIndex(address: number): string {
  return `192.0.2.${address}`
}
