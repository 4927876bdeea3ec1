// One instance under test: the test plays the clock, the other speakers and the wire.
import { type Action, DEFAULT_SETTINGS, Instance, type Settings } from '../../src/election/index.ts'
import type { Address } from '../../src/ip/index.ts'
import type { ClaimState, Hello } from '../../src/packet/index.ts'

export const VIP: Address = { family: 'IPv4', value: 0xc000_0232n }
export const BASE = 2 ** 31
const MACS: Record<string, number> = { a: 0xa, b: 0xb, c: 0xc, d: 0xd }

export type Saying = Partial<Hello> & { readonly claim?: readonly [ClaimState, number] }

/** A peer of the speaker under test, which says hello every 50 ms as long as `says` is not null. */
interface Other {
  readonly node: string
  says: Saying | null
  sequence: number
}

export class Speaker {
  readonly instance: Instance
  now = 0
  readonly log: string[] = []
  readonly actions: Action['kind'][] = []
  hellos: Hello[] = []
  readonly #others = new Map<string, Other>()

  constructor(settings: Partial<Settings> = {}) {
    this.instance = new Instance({
      node: 'a',
      instance: '000000000000000a',
      settings: { ...DEFAULT_SETTINGS, ...settings },
      random: () => 0.5,
    })
  }

  /** Starts with `candidates` for the address, first choice first; each with its score, as `node:10`. */
  start(...candidates: readonly string[]): this {
    this.intend(...candidates)
    this.instance.setLinkUp(true, this.now)
    return this.#take()
  }

  intend(...candidates: readonly string[]): this {
    return this.#intend(candidates, false)
  }

  intendStale(...candidates: readonly string[]): this {
    return this.#intend(candidates, true)
  }

  #intend(candidates: readonly string[], isStale: boolean): this {
    const list = candidates.map((text) => ({
      node: text.split(':')[0] ?? '',
      score: Number(text.split(':')[1] ?? 0),
    }))
    this.instance.setIntents([{ address: VIP, candidates: list }], isStale, this.now)
    return this.#take()
  }

  /** From now on `node` says this with every hello; `null`: nothing any more. */
  peer(node: string, says: Saying | null): this {
    const other = this.#others.get(node) ?? { node, says, sequence: 0 }
    other.says = says
    this.#others.set(node, other)
    if (says !== null) this.#hello(other, says)
    return this
  }

  /** A hello of `node` comes, and another right after it. */
  receive(node: string, says: Saying): void {
    const other = this.#others.get(node) ?? { node, says: null, sequence: 0 }
    this.#others.set(node, other)
    this.#receive(other, says)
  }

  #hello(other: Other, says: Saying): void {
    this.#receive(other, says)
    this.#take()
  }

  #receive(other: Other, { claim, ...says }: Saying): void {
    const hello: Hello = {
      instance: other.node.padStart(16, '0'),
      node: other.node,
      sequence: ++other.sequence,
      deadInterval: 375,
      listening: false,
      leaving: false,
      gone: false,
      stale: false,
      quorum: true,
      asking: false,
      claims: claim === undefined ? [] : [{ address: VIP, state: claim[0], epoch: claim[1] }],
      ...says,
    }
    this.instance.receive(hello, MACS[other.node] ?? 0, this.now)
  }

  /** A frame of the address from the MAC of `node`; `x` is a stranger. */
  frame(node: string, kind: 'probe' | 'reply' | 'gratuitous'): this {
    this.instance.observe({ address: VIP, mac: MACS[node] ?? 0xff, kind }, this.now)
    return this.#take()
  }

  /** Lets time pass; the others speak every 50 ms. */
  until(end: number): this {
    let next = this.now + 50
    for (;;) {
      const at = Math.min(next, Math.max(this.instance.nextAt, this.now))
      if (at > end) break
      this.now = at
      if (at === next) {
        next += 50
        for (const other of this.#others.values()) if (other.says !== null) this.#hello(other, other.says)
      }
      if (this.instance.nextAt <= at) {
        this.instance.tick(at)
        this.#take()
      }
    }
    this.now = end
    return this
  }

  /** The process is stopped until `end`; what the others say meanwhile is lost. */
  frozenUntil(end: number): this {
    this.now = end
    this.instance.tick(end)
    return this.#take()
  }

  link(isUp: boolean): this {
    this.instance.setLinkUp(isUp, this.now)
    return this.#take()
  }

  leave(): this {
    this.instance.leave(this.now)
    return this.#take()
  }

  #take(): this {
    if (this.instance.nextAt <= this.now) this.instance.tick(this.now)
    const { actions, hellos, transitions } = this.instance.takeOutput()
    for (const { at, from, to, cause } of transitions) this.log.push(`${at} ${from} ${to} ${cause}`)
    this.actions.push(...actions.map(({ kind }) => kind))
    this.hellos.push(...hellos)
    return this
  }

  /** The last hello that was sent. */
  get said(): Hello | undefined {
    return this.hellos.at(-1)
  }

  /** What it said of the address last. */
  get claim(): string {
    const claims = this.hellos.flatMap((hello) => hello.claims)
    const last = claims.at(-1)
    return last === undefined ? 'nothing' : `${last.state} ${last.epoch - BASE}`
  }

  /** Transitions since the last call. */
  news(): string[] {
    return this.log.splice(0)
  }
}
