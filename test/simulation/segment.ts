// The Ethernet segment: what one machine sends arrives at the others late, twice, in another order, or not at all.
import type { Hello } from '../../src/packet/index.ts'
import type { Observation } from '../../src/election/index.ts'
import type { Agenda, Happening } from './agenda.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'

/** As a loss: the switch swallows hellos, and nothing else. */
export const ONLY_HELLOS = 2

export class Segment {
  readonly #agenda: Agenda
  readonly #random: Random
  machines: readonly Machine[] = []
  /** ms; every frame takes between the two. */
  delay: readonly [number, number]
  /** Every receiver gets each frame after a delay of its own, so that frames overtake each other. */
  reorders = false
  duplicates = 0
  /** Of all frames, on top of `loss`. */
  lossEverywhere = 0
  /** Probability that a frame from one machine to another is lost, by their indexes; hellos and ARP alike. */
  readonly #loss: Float64Array
  readonly #impairments: Set<{ readonly loss: number }>[] = []
  /** Hellos are swallowed, ARP is not. */
  readonly #filtered: Uint8Array
  readonly #size: number
  /** No fault anywhere: the quick way for all frames. */
  #isPerfect = true

  constructor(agenda: Agenda, random: Random, size: number, delay: readonly [number, number]) {
    this.#agenda = agenda
    this.#random = random
    this.#size = size
    this.delay = delay
    this.#loss = new Float64Array(size * size)
    this.#filtered = new Uint8Array(size * size)
  }

  /** Loses frames from one machine to another with a probability, or `ONLY_HELLOS`. Returns what undoes it. */
  impair(from: number, to: number, loss: number): () => void {
    const at = from * this.#size + to
    const impairment = { loss }
    const all = (this.#impairments[at] ??= new Set())
    all.add(impairment)
    this.#judge(at)
    return () => {
      all.delete(impairment)
      this.#judge(at)
    }
  }

  setLossEverywhere(probability: number): void {
    this.lossEverywhere = probability
    this.#judge(0)
  }

  #judge(at: number): void {
    const losses = [...(this.#impairments[at] ?? [])].map(({ loss }) => loss)
    this.#loss[at] = Math.max(0, ...losses.filter((loss) => loss !== ONLY_HELLOS))
    this.#filtered[at] = losses.includes(ONLY_HELLOS) ? 1 : 0
    this.#isPerfect = this.lossEverywhere === 0 && !this.#impairments.some((all) => all.size > 0)
  }

  /** Every hello gets through, both ways. */
  isClear(one: number, other: number): boolean {
    return this.lossEverywhere === 0 && this.#isClearTo(one, other) && this.#isClearTo(other, one)
  }

  #isClearTo(from: number, to: number): boolean {
    const at = from * this.#size + to
    return (
      this.#loss[at] === 0 &&
      this.#filtered[at] === 0 &&
      this.#machine(from).hasCarrier &&
      this.#machine(to).hasCarrier
    )
  }

  #machine(index: number): Machine {
    return this.machines[index] as Machine
  }

  sendHello(from: Machine, hello: Hello): void {
    this.#send(from, true, (to) => to.hear(hello, from))
  }

  sendFrame(from: Machine, frame: Observation, to: Machine | null): void {
    this.#send(from, false, (receiver) => {
      if (to === null || to === receiver) receiver.see(frame, from)
    })
  }

  #send(from: Machine, isHello: boolean, arrive: (to: Machine) => void): void {
    if (!from.hasCarrier) return
    if (this.#isPerfect && !this.reorders && this.duplicates === 0) {
      this.#agenda.at(this.#arrival(), new Broadcast(this.machines, from, arrive))
      return
    }
    for (const to of this.machines) {
      if (to === from || this.#isLost(from.index, to.index, isHello)) continue
      this.#agenda.at(this.#arrival(), new Delivery(to, arrive))
      if (this.duplicates > 0 && this.#random.chance(this.duplicates))
        this.#agenda.at(this.#arrival(), new Delivery(to, arrive))
    }
  }

  #isLost(from: number, to: number, isHello: boolean): boolean {
    const at = from * this.#size + to
    if (isHello && this.#filtered[at] === 1) return true
    const loss = this.#loss[at] as number
    if (loss > 0 && (loss >= 1 || this.#random.chance(loss))) return true
    return this.lossEverywhere > 0 && this.#random.chance(this.lossEverywhere)
  }

  #arrival(): number {
    return this.#agenda.now + this.delay[0] + this.#random.next() * (this.delay[1] - this.delay[0])
  }
}

class Broadcast implements Happening {
  readonly #machines: readonly Machine[]
  readonly #from: Machine
  readonly #arrive: (to: Machine) => void

  constructor(machines: readonly Machine[], from: Machine, arrive: (to: Machine) => void) {
    this.#machines = machines
    this.#from = from
    this.#arrive = arrive
  }

  happen(): void {
    for (const machine of this.#machines)
      if (machine !== this.#from && machine.hasCarrier) this.#arrive(machine)
  }
}

class Delivery implements Happening {
  readonly #to: Machine
  readonly #arrive: (to: Machine) => void

  constructor(to: Machine, arrive: (to: Machine) => void) {
    this.#to = to
    this.#arrive = arrive
  }

  happen(): void {
    if (this.#to.hasCarrier) this.#arrive(this.#to)
  }
}
