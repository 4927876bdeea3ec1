import assert from 'node:assert/strict'
import test from 'node:test'
import { KeyRing } from '../../src/election/index.ts'
import { type HelloKey, helloKey } from '../../src/packet/index.ts'
import { fc } from '../fast-check.ts'

const MINUTE = 60_000
const secret = (text: string): Buffer => Buffer.from(text)
const S0 = secret('s0')
const S1 = secret('s1')
const S2 = secret('s2')

const idsOf = (keys: readonly HelloKey[]): number[] => keys.map(({ id }) => id)
const ids = (...secrets: Buffer[]): number[] => secrets.map((secret) => helloKey(secret).id)
/** The secrets that are accepted, the one that signs first. */
const shown = (ring: KeyRing, now: number): string[] =>
  ring.keys(now).map(({ secret }) => Buffer.from(secret).toString())

test('one secret signs and is accepted, for ever', () => {
  const ring = new KeyRing(S0)
  ring.heard('a', ids(S0))
  assert.deepEqual([shown(ring, 0), ring.nextAt], [['s0'], Infinity])
})

test('the old key signs until everybody who is heard accepts the new one', () => {
  const ring = new KeyRing(S0)
  ring.heard('a', ids(S0))
  ring.heard('b', ids(S0))
  ring.change(S1, 0)
  assert.deepEqual(shown(ring, 0), ['s0', 's1'])
  ring.heard('a', ids(S0, S1))
  assert.deepEqual(shown(ring, 1000), ['s0', 's1'])
  ring.heard('b', ids(S1, S0))
  assert.deepEqual(shown(ring, 2000), ['s1', 's0'])
})

test('nobody waits longer than five minutes, and the old key is accepted for ten', () => {
  const ring = new KeyRing(S0)
  ring.heard('a', ids(S0))
  ring.change(S1, 0)
  assert.deepEqual([shown(ring, 5 * MINUTE - 1), ring.nextAt], [['s0', 's1'], 5 * MINUTE])
  assert.deepEqual([shown(ring, 5 * MINUTE), ring.nextAt], [['s1', 's0'], 10 * MINUTE])
  assert.deepEqual(shown(ring, 10 * MINUTE - 1), ['s1', 's0'])
  assert.deepEqual([shown(ring, 10 * MINUTE), ring.nextAt], [['s1'], Infinity])
})

test('who hears nobody, or nobody any more, signs with the new key at once', () => {
  const ring = new KeyRing(S0)
  ring.heard('a', ids(S0))
  ring.change(S1, 0)
  assert.deepEqual(shown(ring, 0), ['s0', 's1'])
  ring.forget('a')
  assert.deepEqual(shown(ring, 1), ['s1', 's0'])
})

test('the old key signs again for a peer that appears without the new one, within the five minutes', () => {
  const ring = new KeyRing(S0)
  ring.change(S1, 0)
  assert.deepEqual(shown(ring, 0), ['s1', 's0'])
  ring.heard('late', ids(S0))
  assert.deepEqual(shown(ring, MINUTE), ['s0', 's1'])
  assert.deepEqual(shown(ring, 5 * MINUTE), ['s1', 's0'])
})

test('a peer started since with the new key alone does not make the others deaf', () => {
  const ring = new KeyRing(S0)
  ring.heard('old', ids(S0))
  ring.change(S1, 0)
  ring.heard('started', ids(S1))
  assert.deepEqual(shown(ring, 1), ['s0', 's1'])
  ring.heard('old', ids(S0, S1))
  assert.deepEqual(shown(ring, 2), ['s1', 's0'])
})

test('a peer that accepts keys that are not ours yet is one that has not seen ours', () => {
  const ring = new KeyRing(S0)
  ring.change(S1, 0)
  ring.heard('ahead', ids(S0, S2))
  assert.deepEqual(shown(ring, 1), ['s0', 's1'])
})

test('a peer that skipped our newest key is waited for: the one that it has instead is still to come', () => {
  const ring = new KeyRing(S0)
  ring.heard('ahead', ids(S0, S2))
  ring.change(S1, 0)
  assert.deepEqual(shown(ring, 6 * MINUTE), ['s0', 's1'])
  ring.change(S2, 7 * MINUTE)
  assert.deepEqual(shown(ring, 7 * MINUTE), ['s2', 's1', 's0'])
})

test('a secret that is taken back signs again', () => {
  const ring = new KeyRing(S0)
  ring.heard('a', ids(S0))
  ring.change(S1, 0)
  ring.change(S0, MINUTE)
  assert.deepEqual(shown(ring, MINUTE), ['s0', 's1'])
  assert.deepEqual(shown(ring, 11 * MINUTE), ['s0'])
})

test('the same secret again is no change', () => {
  const ring = new KeyRing(S0)
  ring.change(S1, 0)
  ring.change(S1, 9 * MINUTE)
  assert.deepEqual(shown(ring, 10 * MINUTE), ['s1'])
})

test('of many changes in a row four keys are kept: the newest, and the one that signs', () => {
  const ring = new KeyRing(S0)
  ring.heard('behind', ids(S0))
  for (const [at, each] of [S1, S2, ...['s3', 's4', 's5'].map(secret)].entries()) ring.change(each, at)
  assert.deepEqual(shown(ring, 10), ['s0', 's5', 's4', 's3'])
  assert.deepEqual(shown(ring, 5 * MINUTE + 4), ['s5', 's4', 's3', 's0'])
})

test('what was not accepted any more does not come back with the next change', () => {
  const ring = new KeyRing(S0)
  ring.change(S1, 0)
  ring.change(S2, 60 * MINUTE)
  assert.deepEqual(shown(ring, 60 * MINUTE), ['s2', 's1'])
})

/** Speakers that see each secret late, each by its own time, and say a hello a second. */
class Speakers {
  readonly rings: KeyRing[]
  readonly #secrets: readonly Buffer[]
  readonly #sees: readonly (readonly number[])[]
  readonly #has: number[]
  now = 0
  /** Receiver and sender of each hello that was refused, one list for each second. */
  refused: string[] = []

  /** `sees[node][n]`: when the node sees the n-th secret after the first. */
  constructor(secrets: readonly Buffer[], sees: readonly (readonly number[])[]) {
    this.#secrets = secrets
    this.#sees = sees
    this.rings = sees.map(() => new KeyRing(secrets[0] as Buffer))
    this.#has = sees.map(() => 0)
    this.second()
  }

  /** All speak; then some see another secret; then all hear what was said. */
  second(): void {
    const said = this.rings.map((ring) => idsOf(ring.keys(this.now)))
    for (const [node, times] of this.#sees.entries()) {
      const newest = times.findLastIndex((at) => at <= this.now) + 1
      if (newest <= (this.#has[node] ?? 0)) continue
      this.#has[node] = newest
      this.rings[node]?.change(this.#secrets[newest] as Buffer, this.now)
    }
    this.refused = []
    for (const [receiver, ring] of this.rings.entries())
      for (const [sender, keyIds] of said.entries())
        if (sender !== receiver) {
          if (idsOf(ring.keys(this.now)).includes(keyIds[0] as number)) ring.heard(`${sender}`, keyIds)
          else this.refused.push(`${receiver} refuses ${sender}`)
        }
    this.now += 1000
  }
}

/** Up to three changes, at once or many minutes apart, each seen by two to four nodes within so many seconds. */
function histories(latest: number): fc.Arbitrary<{ sees: number[][]; end: number }> {
  const lags = fc.array(fc.nat({ max: latest }), { minLength: 3, maxLength: 3 })
  const gaps = fc.array(fc.nat({ max: 1200 }), { minLength: 1, maxLength: 3 })
  return fc.tuple(gaps, fc.array(lags, { minLength: 2, maxLength: 4 })).map(([gaps, nodes]) => {
    let at = 5
    const written = gaps.map((gap) => (at += gap))
    const sees = nodes.map((lags) => written.map((at, n) => (at + (lags[n] ?? 0)) * 1000))
    return { sees, end: (at + latest) * 1000 }
  })
}

test('nodes that see changes within five minutes of each other never refuse a hello', () => {
  fc.assert(
    fc.property(histories(299), ({ sees, end }) => {
      const secrets = [S0, S1, S2, secret('s3')]
      const speakers = new Speakers(secrets, sees)
      while (speakers.now <= end + 10 * MINUTE) {
        speakers.second()
        assert.deepEqual(speakers.refused, [], `at ${speakers.now / 1000} s`)
      }
      const last = secrets[sees[0]?.length ?? 0] as Buffer
      for (const ring of speakers.rings) assert.deepEqual(idsOf(ring.keys(speakers.now)), ids(last))
    }),
  )
})

test('nor two in a row when secrets come back that were replaced', () => {
  fc.assert(
    // Who never saw the secret that came and went hears from those who did only for their five minutes.
    fc.property(histories(149), ({ sees, end }) => {
      const speakers = new Speakers([S0, S1, S0, S1], sees)
      for (let before: string[] = []; speakers.now <= end + 10 * MINUTE; before = speakers.refused) {
        speakers.second()
        assert.deepEqual(
          speakers.refused.filter((refusal) => before.includes(refusal)),
          [],
          `at ${speakers.now / 1000} s`,
        )
      }
    }),
  )
})
