import assert from 'node:assert/strict'
import test from 'node:test'
import { Instance, type InstanceInit, type Intent, type Output } from '../../src/election/index.ts'
import type { Hello } from '../../src/packet/index.ts'
import type { Promised } from './judge.ts'
import { play, scenarioOf } from './scenarios.ts'

const SEEDS = 1000

/** One broken rule for each promise: what the judge must see. */
interface Mutation {
  readonly rule: string
  readonly breaks: Promised
  /** The scenario in which it shows. */
  readonly scenario: string
  readonly create: (init: InstanceInit) => Instance
}

/** Changes what an instance is told, and what it says. */
class Mutant extends Instance {
  readonly #hears: (hello: Hello) => Hello
  readonly #says: (hello: Hello) => Hello

  constructor(init: InstanceInit, hears: (hello: Hello) => Hello, says: (hello: Hello) => Hello) {
    super(init)
    this.#hears = hears
    this.#says = says
  }

  override receive(hello: Hello, mac: number, now: number): ReturnType<Instance['receive']> {
    return super.receive(this.#hears(hello), mac, now)
  }

  override takeOutput(): Output {
    const output = super.takeOutput()
    return output.hellos.length === 0 ? output : { ...output, hellos: output.hellos.map(this.#says) }
  }
}

const asIs = (hello: Hello): Hello => hello

class SelfImportant extends Instance {
  override setIntents(intents: readonly Intent[], isStale: boolean, now: number): void {
    const ownFirst = intents.map(({ address, candidates }) => ({
      address,
      candidates: candidates
        .map(({ node, score }) => ({ node, score: node === this.node ? score + 1 : score }))
        .sort((a, b) => b.score - a.score),
    }))
    super.setIntents(ownFirst, isStale, now)
  }
}

const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'what others claim is not believed',
    breaks: 'oneHolder',
    scenario: 'single',
    create: (init) => new Mutant(init, (hello) => ({ ...hello, claims: [] }), asIs),
  },
  {
    rule: 'claims are not repeated while they stay the same',
    breaks: 'rest',
    scenario: 'single',
    create: (init) => {
      const said = new Map<bigint, { text: string; count: number }>()
      return new Mutant(init, asIs, (hello) => ({
        ...hello,
        claims: hello.claims.filter(({ address, state, epoch }) => {
          const before = said.get(address.value)
          const text = `${state} ${epoch}`
          const count = before?.text === text ? before.count + 1 : 0
          said.set(address.value, { text, count })
          return count < 20
        }),
      }))
    },
  },
  {
    rule: 'who doubts what it knows does not ask',
    breaks: 'duplicate',
    scenario: 'chaos',
    create: (init) => new Mutant(init, asIs, (hello) => ({ ...hello, asking: false })),
  },
  {
    rule: 'everybody believes to hear a majority',
    breaks: 'innocent',
    scenario: 'minority',
    create: (init) => {
      const instance = new Instance(init)
      Object.defineProperty(instance.peers, 'hasQuorum', { get: () => true })
      return instance
    },
  },
  {
    rule: 'a peer is granted twice the silence that it announced',
    breaks: 'outage',
    scenario: 'single',
    create: (init) => new Mutant(init, (hello) => ({ ...hello, deadInterval: 2 * hello.deadInterval }), asIs),
  },
  {
    rule: 'who stops does not wait until it is relieved',
    breaks: 'handover',
    scenario: 'rollout',
    create: (init) => {
      const instance = new Instance(init)
      instance.leave = (now) => {
        instance.setLinkUp(false, now)
        Instance.prototype.leave.call(instance, now)
      }
      return instance
    },
  },
  {
    rule: 'everybody thinks itself preferred',
    breaks: 'moves',
    scenario: 'rollout',
    create: (init) => new SelfImportant(init),
  },
  {
    rule: 'a better place is enough, at once',
    breaks: 'flapping',
    scenario: 'flapping',
    create: (init) =>
      new Instance({ ...init, settings: { ...init.settings, failback: 'always', holdDown: 0 } }),
  },
]

for (const { rule, breaks, scenario, create } of MUTATIONS) {
  test(`where ${rule}, the judge sees the promise ${breaks} broken`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      if (scenarioOf(seed) !== scenario) continue
      if (play(seed, { create }).violations.some(({ promise }) => promise === breaks)) return
    }
    assert.fail(`not in ${SEEDS} seeds`)
  })
}
