import assert from 'node:assert/strict'
import test from 'node:test'
import { nodeLinks } from '../../src/announcer/index.ts'
import { DEFAULT_SETTINGS } from '../../src/election/index.ts'
import { Answering } from '../../src/speaker/answering.ts'
import { Segments } from '../../src/speaker/segments.ts'
import { link } from '../announcer/links.ts'
import { addressOf } from '../ip/address-of.ts'
import { Random } from '../simulation/random.ts'

/** A node whose wire thread this plays: to the millisecond, unless it is frozen. */
class Node {
  now = 0
  /** What happened, each with its time. */
  readonly log: string[] = []
  /** A freeze between the reading of the clock and the sending of the next hello, in ms. */
  freezesBeforeHello = 0
  readonly #eth0 = link('eth0')
  readonly #segments = new Segments({
    node: 'a',
    settings: DEFAULT_SETTINGS,
    random: new Random(1).next,
    drawInstance: () => '000000000000000a',
  })
  /** As the responder's thread does it. */
  #validUntil = 0
  readonly #answering = new Answering(
    {
      extend: (validUntil) => {
        if (this.now >= this.#validUntil) return false
        this.#validUntil = validUntil
        return true
      },
      resume: (validUntil) => {
        this.log.push(`${this.now} resumes`)
        this.#validUntil = validUntil
      },
    },
    this.#segments,
    (silentMs) => this.log.push(`${this.now} lapsed after ${silentMs}`),
  )

  constructor() {
    const candidates = [{ node: 'a', score: 0 }]
    const addresses = [{ address: addressOf('192.0.2.50'), candidates, interfaces: null }]
    this.#segments.intend({ node: 'a', cluster: '', isStale: false, addresses, prospects: [] })
    this.cable(true)
  }

  cable(hasCarrier: boolean): void {
    this.#segments.connect(nodeLinks([{ ...this.#eth0, hasCarrier }], []), new Set(), this.now)
  }

  runTo(end: number): void {
    for (; this.now < end; this.now++) {
      this.#answering.check(this.now)
      const hellos = this.#segments.run(this.now).flatMap((output) => output.hellos)
      if (hellos.length > 0) this.now += this.freezesBeforeHello
      if (hellos.length > 0) this.freezesBeforeHello = 0
      for (let said = 0; said < hellos.length; said++) this.#answering.said(this.now)
    }
  }

  /** What happened since the last call. */
  news(): string[] {
    return this.log.splice(0)
  }

  get answers(): boolean {
    return this.now < this.#validUntil
  }
}

test('the first hello lets a node answer, and each of the following for longer', () => {
  const node = new Node()
  node.runTo(5000)
  assert.deepEqual([node.news(), node.answers], [['0 resumes'], true])
})

test('who was frozen answers again with the first hello after it has heard the others', () => {
  const node = new Node()
  node.runTo(5001)
  node.news()
  node.now = 6000
  node.runTo(7000)
  assert.deepEqual(node.news(), ['6000 lapsed after 1000', '6250 resumes'])
})

test('so does who was frozen with a hello in its hands, which it says nothing after', () => {
  const node = new Node()
  node.runTo(5001)
  node.news()
  node.freezesBeforeHello = 400
  node.runTo(6000)
  assert.deepEqual(node.news(), ['5450 lapsed after 450', '5700 resumes'])
})

test('who was late, but not as long as the others wait, goes on answering', () => {
  const node = new Node()
  node.runTo(5001)
  node.news()
  node.now = 5300
  node.runTo(6000)
  assert.deepEqual([node.news(), node.answers], [[], true])
})

test('a cable that was out is no lapse', () => {
  const node = new Node()
  node.runTo(5001)
  node.news()
  node.cable(false)
  node.runTo(8000)
  assert.equal(node.answers, false)
  node.cable(true)
  node.runTo(9000)
  assert.deepEqual(node.news(), ['8000 resumes'])
})
