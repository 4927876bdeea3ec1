// One node: a speaker's process with its election, its responder, its cable, and its view of the API.
import { type Instance, type Intent, type Observation, type Settings } from '../../src/election/index.ts'
import type { Hello } from '../../src/packet/index.ts'
import type { Happening } from './agenda.ts'
import type { World } from './world.ts'

/** What the kernel keeps for a process that does not read. */
const SOCKET_BUFFER_FRAMES = 250
/** After taking over, as the announcer does. */
const GRATUITOUS_MS = [0, 100, 300, 1000, 2000, 3000]

type Happened = (process: Process, now: number) => void

/** Whoever runs for so long without a fault has ceased to listen. */
const READY_MS = 3000

/** A speaker from its start to its end. */
interface Process {
  readonly instance: Instance
  /** Simulated time at which its own clock began, which counts from there. */
  readonly startedAt: number
  readonly readyAt: number
  /** Indexes of the addresses that its responder has in the table. */
  readonly held: Map<number, number>
  /** Of those, the ones that it gives up. */
  readonly yielding: Set<number>
  /** Its responder falls silent when no hello was sent until then. */
  answersUntil: number
  wakeAt: number
  readonly unread: Happened[]
}

export class Machine implements Happening {
  readonly name: string
  readonly index: number
  readonly #world: World
  process: Process | null = null
  /** Faults that keep the cable out, and of each whether the speaker is told. */
  readonly #plugs: boolean[] = []
  /** All of its processes are stopped. */
  isFrozen = false
  /** Its JavaScript is busy; the responder is not. */
  isStalled = false
  /** What it knows of the cluster, and whether it knows that this may be old. */
  intents: readonly Intent[] = []
  isStale = false
  settings: Settings

  constructor(world: World, index: number, name: string, settings: Settings) {
    this.#world = world
    this.index = index
    this.name = name
    this.settings = settings
  }

  get mac(): number {
    return 0x02_00_00_00_00_00 + this.index
  }

  start(): void {
    const { agenda, random } = this.#world
    const id = Math.floor(random.next() * 2 ** 32)
    const instance = this.#world.create({
      node: this.name,
      instance: id.toString(16).padStart(16, '0'),
      settings: this.settings,
      random: random.next,
    })
    this.isFrozen = false
    this.isStalled = false
    this.process = {
      instance,
      startedAt: agenda.now - random.between(0, 5000),
      readyAt: agenda.now + READY_MS,
      held: new Map(),
      yielding: new Set(),
      answersUntil: -Infinity,
      wakeAt: Infinity,
      unread: [],
    }
    if (this.#world.isCut(this)) this.isStale = true // its intents come from a file
    this.#world.trace(this, 'starts')
    this.#do(({ instance }, now) => instance.setIntents(this.intents, this.isStale, now))
    this.#do(({ instance }, now) => instance.setLinkUp(this.#seesCarrier, now))
  }

  /** The process is gone, and its responder with it. */
  crash(): void {
    if (this.process === null) return
    this.process = null
    this.#world.trace(this, 'is gone')
    this.#world.judge.gone(this)
  }

  leave(): void {
    this.#do(({ instance }, now) => instance.leave(now))
  }

  know(intents: readonly Intent[], isStale: boolean): void {
    this.intents = intents
    this.isStale = isStale
    this.#do(({ instance }, now) => instance.setIntents(intents, isStale, now))
  }

  /** Nothing gets in or out. `isTold`: the interface loses its carrier, and the speaker hears of it. */
  unplug(isTold: boolean): () => void {
    const seen = this.#seesCarrier
    this.#plugs.push(isTold)
    if (seen !== this.#seesCarrier) this.#tellCarrier()
    return () => {
      this.#plugs.splice(this.#plugs.indexOf(isTold), 1)
      if (isTold && this.#seesCarrier) this.#tellCarrier()
    }
  }

  get hasCarrier(): boolean {
    return this.#plugs.length === 0
  }

  get #seesCarrier(): boolean {
    return !this.#plugs.includes(true)
  }

  #tellCarrier(): void {
    const isUp = this.#seesCarrier
    this.#do(({ instance }, now) => instance.setLinkUp(isUp, now))
  }

  /** It may claim, or should. Where there are no faults but restarts. */
  get mayClaim(): boolean {
    if (this.process === null || this.process.instance.isLeaving) return false
    return !this.process.instance.isListening || this.#world.agenda.now > this.process.readyAt
  }

  /** It gives the address up, but not to the other, which it counts as deaf. */
  distrusts(other: Machine, address: number): boolean {
    if (this.process?.yielding.has(address) !== true) return false
    const { instance } = this.process
    for (const { mac, deaf } of instance.peers.living.values()) if (mac === other.mac && deaf) return true
    return false
  }

  get isBusy(): boolean {
    return this.isFrozen || this.isStalled
  }

  /** Timers run before sockets are read. */
  resume(): void {
    this.isFrozen = false
    this.isStalled = false
    const { process } = this
    if (process === null) return
    process.wakeAt = Infinity
    this.#run(process)
    for (const read of process.unread.splice(0)) read(process, this.#world.agenda.now - process.startedAt)
    this.#run(process)
  }

  hear(hello: Hello, from: Machine): void {
    this.#do(({ instance }, now) => instance.receive(hello, from.mac, now), true)
  }

  see(frame: Observation, from: Machine): void {
    this.#do(({ instance }, now) => instance.observe(frame, now), true)
    if (frame.kind === 'probe' && this.answers(indexOf(frame)))
      this.#world.segment.sendFrame(this, { ...frame, mac: this.mac, kind: 'reply' }, from)
  }

  answers(address: number): boolean {
    const { process } = this
    if (process === null || this.isFrozen || !process.held.has(address)) return false
    return this.#world.agenda.now < process.answersUntil
  }

  #do(what: Happened, isFrame = false): void {
    const { process } = this
    if (process === null) return
    if (this.isBusy) {
      if (!isFrame || process.unread.length < SOCKET_BUFFER_FRAMES) process.unread.push(what)
      return
    }
    what(process, this.#world.agenda.now - process.startedAt)
    this.#run(process)
  }

  #run(process: Process): void {
    const now = this.#world.agenda.now - process.startedAt
    if (process.instance.nextAt <= now) process.instance.tick(now)
    this.#carryOut(process)
  }

  /** A timer. */
  happen(): void {
    const { process } = this
    if (process === null || this.isBusy || process.wakeAt > this.#world.agenda.now) return
    process.wakeAt = Infinity
    this.#run(process)
  }

  #schedule(process: Process): void {
    const at = process.instance.nextAt + process.startedAt + this.#world.random.next()
    if (at >= process.wakeAt) return
    process.wakeAt = at
    this.#world.agenda.at(at, this)
  }

  #carryOut(process: Process): void {
    const { agenda, judge, segment } = this.#world
    const { actions, hellos, transitions } = process.instance.takeOutput()
    for (const transition of transitions) {
      const index = indexOf(transition)
      if (transition.to === 'yielding') process.yielding.add(index)
      else process.yielding.delete(index)
      judge.transition(this, index, transition)
    }
    for (const { kind, address } of actions) {
      const index = Number(address.value & 0xffn)
      const frame = { address, mac: this.mac, kind: 'gratuitous' } as const
      if (kind === 'hold') {
        process.held.set(index, agenda.now)
        judge.holdersChanged(index)
        this.#gratuitous(process, frame, index)
      } else if (kind === 'release') {
        process.held.delete(index)
        judge.holdersChanged(index)
      } else if (kind === 'probe') segment.sendFrame(this, { ...frame, kind: 'probe' }, null)
      else segment.sendFrame(this, frame, null)
    }
    for (const hello of hellos) {
      if (process.answersUntil <= agenda.now) judge.linksChanged()
      process.answersUntil = agenda.now + hello.deadInterval
      if (this.#world.tracesHellos) this.#world.trace(this, formatHello(hello))
      segment.sendHello(this, hello)
    }
    if (process.instance.hasLeft) this.crash()
    else this.#schedule(process)
  }

  #gratuitous(process: Process, frame: Observation, index: number): void {
    const since = this.#world.agenda.now
    for (const offset of GRATUITOUS_MS) {
      const happen = (): void => {
        if (this.process === process && !this.isFrozen && process.held.get(index) === since)
          this.#world.segment.sendFrame(this, frame, null)
      }
      if (offset === 0) happen()
      else this.#world.agenda.at(since + offset, { happen })
    }
  }
}

export function indexOf({ address }: { readonly address: Observation['address'] }): number {
  return Number(address.value & 0xffn)
}

function formatHello(hello: Hello): string {
  const flags = (['listening', 'leaving', 'gone', 'stale', 'quorum', 'asking'] as const).filter(
    (flag) => hello[flag],
  )
  const claims = hello.claims.map((claim) => `.${indexOf(claim)} ${claim.state} ${claim.epoch - 2 ** 31}`)
  return `hello ${hello.sequence} ${flags.join(' ')}: ${claims.join(', ')}`
}
