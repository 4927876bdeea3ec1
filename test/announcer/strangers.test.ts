import assert from 'node:assert/strict'
import test from 'node:test'
import { Announcer } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { decodeArp } from '../../src/packet/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { link } from './links.ts'
import { Random } from '../simulation/random.ts'

const SECOND = 1000
const STRANGER = 0x02_00_00_00_99_99
const VIP = '192.0.2.50'

/** An announcer under a clock of its own, that holds some addresses since 0. */
class Stage {
  readonly announcer = new Announcer(link('eth0'), new Random(1).next)
  now = 0
  /** The stranger answers every check. */
  isThere = false
  user: 'stranger' | 'peer' = 'stranger'

  constructor(...texts: readonly string[]) {
    for (const text of texts) this.announcer.hold(addressOf(text), 0)
  }

  /** The stranger shows itself, and the address is defended. */
  meet(text = VIP): void {
    this.announcer.observe(addressOf(text), STRANGER, this.user, this.now)
    this.announcer.defend(addressOf(text), this.now)
  }

  /** When frames against strangers went out up to `end`. */
  runTo(end: number): number[] {
    const sent: number[] = []
    for (;;) {
      for (const { address: about, bytes, purpose } of this.announcer.takeDue(this.now)) {
        if (purpose !== 'defence') continue
        sent.push(this.now)
        const isCheck = decodeArp(bytes)?.senderAddress.value === 0n
        if (this.isThere && isCheck) this.announcer.observe(about, STRANGER, this.user, this.now)
      }
      const next = Math.max(Math.ceil(this.announcer.nextAt ?? Infinity), this.now + 1)
      if (next > end) break
      this.now = next
    }
    this.now = end
    return sent
  }

  get conflicts(): string[] {
    return this.announcer.conflicts.map((each) => formatAddress(each.address))
  }
}

test('a stranger is told each time at first, as a speaker has to be that is not heard; later once in 10 s', () => {
  const on = new Stage(VIP)
  const sent = [] as number[]
  for (let now = 5000; now < 30_000; now += 500) {
    sent.push(...on.runTo(now))
    on.meet()
    sent.push(...on.runTo(now + 1))
  }
  const defences = sent.filter((at) => at % 500 === 0)
  assert.deepEqual(defences, [5000, 5500, 6000, 6500, 7000, 7500, 8000, 18_000, 28_000])
})

test('as long as the stranger answers checks it is a conflict; 20 s after its last word no more', () => {
  const on = new Stage(VIP)
  on.runTo(20 * SECOND)
  on.isThere = true
  on.meet()
  on.runTo(100 * SECOND)
  assert.deepEqual(on.conflicts, [VIP])
  on.isThere = false
  on.runTo(127 * SECOND)
  assert.deepEqual(on.conflicts, [])
})

test('after a takeover the former holder may still be heard: it is answered, and reported only when it stays', () => {
  const on = new Stage(VIP)
  on.runTo(100)
  on.meet()
  assert.deepEqual([on.runTo(200), on.conflicts], [[100], []])
  on.runTo(3 * SECOND)
  on.meet()
  assert.deepEqual(on.conflicts, [VIP])
})

test('a peer that claims nothing is checked, and becomes a conflict, and is told, when it goes on', () => {
  const on = new Stage(VIP)
  on.user = 'peer'
  on.runTo(20 * SECOND)
  on.meet()
  assert.equal(on.runTo(40 * SECOND).length, 3)
  assert.deepEqual(on.conflicts, [])
  on.runTo(60 * SECOND)
  on.isThere = true
  on.meet()
  assert.deepEqual(on.conflicts, [])
  on.runTo(66 * SECOND)
  assert.deepEqual(on.conflicts, [VIP])
  on.meet()
  assert.equal(on.runTo(66 * SECOND)[0], 66 * SECOND)
})

test('a conflict ends when the address is released', () => {
  const on = new Stage(VIP)
  on.runTo(5 * SECOND)
  on.meet()
  on.announcer.release(addressOf(VIP))
  assert.deepEqual([on.runTo(30 * SECOND), on.conflicts], [[], []])
})

test('of an address that is not held here nobody is a stranger', () => {
  const on = new Stage(VIP)
  on.meet('192.0.2.99')
  assert.deepEqual(on.conflicts, [])
})

test('with a thousand strangers at most 100 frames a second are sent against them, and each has its turn', () => {
  const texts = Array.from({ length: 1000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`)
  const on = new Stage(...texts)
  on.runTo(5 * SECOND)
  for (const text of texts) on.meet(text)
  const sent = on.runTo(20 * SECOND)
  for (let second = 5; second < 20; second++) {
    const count = sent.filter((at) => at >= second * SECOND && at < (second + 1) * SECOND).length
    assert.ok(count <= 103, `${count} frames in second ${second}`)
  }
  assert.ok(sent.length >= 1000)
})
