// A cluster and its controller as a random history: users edit, pools change, writes fail or land late, controllers
// die, strangers write. Each decision is held against the model; when all is quiet, a fresh start must agree.
import assert from 'node:assert/strict'
import type { IPAddressPool, Service } from '../../src/api/index.ts'
import {
  type AllocatorState,
  advance,
  configure,
  createState,
  forget,
  poolUsage,
  reconcileService,
  registerAll,
} from '../../src/allocator/index.ts'
import { type Configuration, readConfiguration } from '../../src/config/index.ts'
import { parseAddress } from '../../src/ip/index.ts'
import type { World } from './model.ts'
import { Oracle } from './oracle.ts'
import { carriedOut, ingressOf, recordedPool, withIngress } from './service-objects.ts'

/** What the user writes of a Service. */
export interface Draft {
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly spec: NonNullable<Service['spec']>
}

export type Step =
  | { readonly kind: 'put'; readonly slot: number; readonly draft: Draft }
  | { readonly kind: 'delete'; readonly slot: number }
  /** All pools, the labels of namespaces, or what is reserved, all at once. */
  | { readonly kind: 'configure'; readonly change: Partial<World> }
  | { readonly kind: 'pool'; readonly name: string; readonly pool: IPAddressPool | null }
  /** Somebody else writes the status. */
  | { readonly kind: 'overwrite'; readonly slot: number; readonly ingress: object[] }
  /** A controller that is not, or no longer, the active one gives a Service what another has. */
  | { readonly kind: 'duplicate'; readonly slot: number; readonly from: number }
  /** The controller looks at some Services, perhaps as they were a moment ago; its writes land, or not yet. */
  | {
      readonly kind: 'work'
      readonly pick: number
      readonly count: number
      readonly lands: boolean
      readonly lags: boolean
    }
  /** A write that was under way arrives at last, or is lost. */
  | { readonly kind: 'land'; readonly pick: number; readonly lost: boolean }
  | { readonly kind: 'restart' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'settle' }

interface Stored {
  readonly object: Service
  readonly version: number
  /** What it was before; `null`: it is new. */
  readonly before: Stored | null
}

interface Write {
  readonly key: string
  readonly version: number
  readonly object: Service
  /** Of a controller that is gone. */
  late: boolean
}

export class History {
  #world: World
  readonly #oracle: Oracle
  #state: AllocatorState
  readonly #store = new Map<string, Stored>()
  #versions = 0
  #now = 0
  /** To be reconciled. */
  readonly #queue = new Set<string>()
  /** The versions that the watch has shown the controller. */
  readonly #seen = new Map<string, number>()
  #underWay: Write[] = []

  constructor(world: World) {
    this.#world = world
    this.#oracle = new Oracle(world)
    this.#state = createState(configurationOf(world), null)
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'put':
        return this.#put(step.slot, step.draft)
      case 'delete':
        if (this.#store.delete(keyOf(step.slot))) this.#queue.add(keyOf(step.slot))
        return
      case 'configure':
        return this.#configure({ ...this.#world, ...step.change })
      case 'pool': {
        const others = this.#world.pools.filter(({ metadata }) => metadata.name !== step.name)
        const pools = step.pool === null ? others : [...others, step.pool]
        return this.#configure({ ...this.#world, pools })
      }
      case 'overwrite':
        return this.#overwrite(keyOf(step.slot), (object) => withIngress(object, step.ingress, null))
      case 'duplicate':
        return this.#duplicate(keyOf(step.from), keyOf(step.slot))
      case 'work':
        return this.#workSome(step)
      case 'land': {
        const [write] = this.#underWay.splice(step.pick % Math.max(this.#underWay.length, 1), 1)
        return write && this.#land(write, step.lost)
      }
      case 'restart':
        return this.#restart()
      case 'wait':
        return this.#wait(step.ms)
      case 'settle':
        return this.settle()
    }
  }

  /** Lets all arrive and everything be looked at; then nothing may be left to do, now or after a fresh start. */
  settle(): void {
    for (let rounds = 0; this.#underWay.length + this.#queue.size > 0; rounds++) {
      assert.ok(rounds < 500, `no end: ${[...this.#queue].join()} go round`)
      for (const write of this.#underWay.splice(0)) this.#land(write, false)
      for (const key of this.#free()) this.#work(key, { lands: true, lags: false })
    }
    this.#checkQuiet()
  }

  #put(slot: number, { labels, annotations, spec }: Draft): void {
    const key = keyOf(slot)
    const before = this.#store.get(key)?.object
    const [namespace = '', name = ''] = key.split('/')
    const creationTimestamp = before?.metadata?.creationTimestamp ?? timestamp(this.#versions)
    const metadata = { namespace, name, creationTimestamp, labels, annotations }
    const shown = before === undefined ? [] : ingressOf(before)
    const pool = before === undefined ? null : recordedPool(before)
    this.#save(key, withIngress({ metadata, spec, status: before?.status ?? {} }, shown, pool))
  }

  #overwrite(key: string, change: (object: Service) => Service): void {
    const stored = this.#store.get(key)
    if (stored !== undefined) this.#save(key, change(stored.object))
  }

  #duplicate(from: string, to: string): void {
    const model = this.#store.get(from)?.object
    if (model === undefined || from === to) return
    this.#overwrite(to, (object) => withIngress(object, ingressOf(model), recordedPool(model)))
  }

  #save(key: string, object: Service): void {
    this.#versions += 1
    this.#store.set(key, { object, version: this.#versions, before: this.#store.get(key) ?? null })
    this.#queue.add(key)
  }

  #configure(world: World): void {
    this.#world = world
    this.#oracle.world = world
    for (const key of configure(this.#state, configurationOf(world))) this.#queue.add(key)
  }

  /** Queued, and without a write under way: a key is in one hand at a time. */
  #free(): string[] {
    const busy = new Set(this.#underWay.filter(({ late }) => !late).map(({ key }) => key))
    return [...this.#queue].filter((key) => !busy.has(key))
  }

  #workSome({ pick, count, ...how }: Extract<Step, { kind: 'work' }>): void {
    for (let done = 0; done < count; done++) {
      const free = this.#free()
      const key = free[(pick + done) % free.length]
      if (key !== undefined) this.#work(key, how)
    }
  }

  #work(key: string, { lands, lags }: { lands: boolean; lags: boolean }): void {
    this.#queue.delete(key)
    const stored = this.#store.get(key)
    if (stored === undefined) {
      this.#seen.delete(key)
      for (const other of forget(this.#state, key)) this.#queue.add(other)
      this.#oracle.forget(key)
      return
    }
    const { object, version } = lags ? this.#lagging(key, stored) : stored
    this.#seen.set(key, version)
    const decision = this.#oracle.judge(object, () => reconcileService(this.#state, object))
    for (const other of decision.wake) this.#queue.add(other)
    if (version < stored.version) this.#queue.add(key)
    if (decision.write === 'none') return
    const write = { key, version, object: carriedOut(object, decision), late: false }
    if (lands) this.#land(write, false)
    else this.#underWay.push(write)
  }

  /** The object as a watch shows it that is one change behind, but never behind itself. */
  #lagging(key: string, stored: Stored): Stored {
    const { before } = stored
    return before !== null && before.version >= (this.#seen.get(key) ?? Infinity) ? before : stored
  }

  #land(write: Write, lost: boolean): void {
    const stored = this.#store.get(write.key)
    if (!lost && stored?.version === write.version) this.#save(write.key, write.object)
    if (!write.late) this.#queue.add(write.key)
  }

  /** The controller dies and another begins: what was under way may still arrive. */
  #restart(): void {
    for (const write of this.#underWay) write.late = true
    const objects = [...this.#store.values()].map(({ object }) => object)
    this.#state = createState(configurationOf(this.#world), null)
    this.#queue.clear()
    this.#seen.clear()
    for (const [key, { version }] of this.#store) this.#seen.set(key, version)
    for (const key of registerAll(this.#state, objects)) this.#queue.add(key)
    this.#wait(0)
    this.#oracle.start(objects)

    const reversed = createState(configurationOf(this.#world), null)
    const again = registerAll(reversed, objects.toReversed())
    const ours = (keys: Iterable<string>): string[] => [...keys].filter((key) => this.#oracle.knows(key))
    assert.deepEqual(ours(again), ours(this.#queue), 'the order of reading has a say')
    assert.deepEqual(again.toSorted(), [...this.#queue].toSorted(), 'the order of reading has a say')
    assert.deepEqual(poolUsage(reversed), poolUsage(this.#state), 'the order of reading has a say')
  }

  #wait(ms: number): void {
    this.#now += ms
    this.#oracle.now = this.#now
    advance(this.#state, this.#now)
  }

  #checkQuiet(): void {
    const objects = [...this.#store.values()].map(({ object }) => object)
    for (const object of objects) {
      const decision = this.#oracle.judge(object, () => reconcileService(this.#state, object))
      this.#oracle.checkIdle(object, decision)
      assert.deepEqual(decision.wake, [], 'others are woken for nothing')
    }
    this.#oracle.checkShown(objects)
    this.#oracle.checkUsage(poolUsage(this.#state))
    this.#checkFreshStart(objects)
  }

  /** A controller that starts now finds everything in order, and has nothing to do. */
  #checkFreshStart(objects: readonly Service[]): void {
    const state = createState(configurationOf(this.#world), null)
    const byKey = new Map(objects.map((object) => [keyFrom(object), object]))
    for (const key of registerAll(state, objects.toReversed())) {
      const object = byKey.get(key)
      if (object !== undefined) this.#oracle.checkIdle(object, reconcileService(state, object))
    }
    assert.deepEqual(poolUsage(state), poolUsage(this.#state))
  }
}

function keyFrom({ metadata }: Service): string {
  return `${metadata?.namespace}/${metadata?.name}`
}

function configurationOf({ pools, namespaces, reserved }: World): Configuration {
  const list = Object.entries(reserved).flatMap(([text, owner]) => {
    const address = parseAddress(text)
    return address === null
      ? []
      : [{ range: { family: address.family, first: address.value, last: address.value }, owner }]
  })
  return readConfiguration({ pools, advertisements: [], namespaces, reserved: list })
}

const NAMESPACES = ['blue', 'green']

/** Slots are Services: of two namespaces by turns. */
function keyOf(slot: number): string {
  return `${NAMESPACES[slot % 2]}/s${slot}`
}

/** Several Services are of one second. */
function timestamp(count: number): string {
  return new Date(Date.UTC(2026, 0, 1) + (count >> 2) * 1000).toISOString()
}
