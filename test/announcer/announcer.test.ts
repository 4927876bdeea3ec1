import assert from 'node:assert/strict'
import test from 'node:test'
import { Announcer } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { type ArpOperation, decodeArp, type Mac } from '../../src/packet/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { link } from './links.ts'
import { Random } from '../simulation/random.ts'

const SECOND = 1000
const VIP = '192.0.2.50'

interface Sent {
  readonly at: number
  readonly address: string
  readonly operation: ArpOperation | undefined
  readonly mac: Mac | undefined
}

/** Lets the announcer send until `end`, waking as its `nextAt` asks, as a timer of 1 ms does. */
function run(announcer: Announcer, from: number, end: number): Sent[] {
  const sent: Sent[] = []
  let now = from
  while (now <= end) {
    for (const frame of announcer.takeDue(now)) {
      const arp = decodeArp(frame.bytes)
      const text = formatAddress(frame.address)
      sent.push({ at: now, address: text, operation: arp?.operation, mac: arp?.senderMac })
    }
    if (announcer.nextAt === null) return sent
    now = Math.max(Math.ceil(announcer.nextAt), now + 1)
  }
  return sent
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `10.0.${n >> 8}.${n & 255}`)

const ETH0 = link('eth0')

function announcing(texts: readonly string[], on = ETH0): Announcer {
  const announcer = new Announcer(on, new Random(1).next)
  for (const text of texts) announcer.hold(addressOf(text), 0)
  return announcer
}

test('an address that is held is announced in both forms at 0, 0.1, 0.3, 1, 2 and 3 s', () => {
  const sent = run(announcing([VIP]), 0, 10 * SECOND)
  const rounds = [0, 100, 300, 1000, 2000, 3000]
  const at = (operation: ArpOperation): number[] =>
    sent.filter((frame) => frame.operation === operation).map((frame) => frame.at)
  assert.deepEqual(at('request'), rounds)
  assert.deepEqual(
    at('reply').map((each, index) => each - (rounds[index] ?? 0) <= 2),
    rounds.map(() => true),
  )
})

test('after that it is announced once a minute, not on the beat', () => {
  const sent = run(announcing([VIP]), 0, 3600 * SECOND)
  const requests = sent
    .filter(({ operation, at }) => operation === 'request' && at >= 3000)
    .map(({ at }) => at)
  const gaps = requests.slice(1).map((at, index) => at - (requests[index] ?? 0))
  assert.ok(
    gaps.every((gap) => gap >= 54 * SECOND && gap <= 66 * SECOND),
    `${gaps}`,
  )
  assert.ok(new Set(gaps).size > gaps.length / 2)
})

test('five hundred addresses are announced once each within 50 ms', () => {
  const sent = run(announcing(many(500)), 0, 50).filter(({ operation }) => operation === 'request')
  assert.equal(new Set(sent.map((frame) => frame.address)).size, 500)
})

test('with a thousand addresses the rest keeps to 500 frames a second, and all of them have their turn', () => {
  const sent = run(announcing(many(1000)), 0, 30 * SECOND)
  const later = sent.filter(({ at }) => at > 150)
  for (let second = 1; second < 30; second++) {
    const count = later.filter(({ at }) => at >= second * SECOND && at < (second + 1) * SECOND).length
    assert.ok(count <= 511, `${count} frames in second ${second}`)
  }
  const replies = new Set(sent.filter(({ operation }) => operation === 'reply').map((frame) => frame.address))
  assert.equal(replies.size, 1000)
})

test('a thousand addresses, held for long, are each announced at least every 70 s', () => {
  const announcer = announcing(many(1000))
  const end = 600 * SECOND
  run(announcer, 0, end - 1)
  const sent = run(announcer, end, end + 70 * SECOND)
  assert.equal(new Set(sent.map((frame) => frame.address)).size, 1000)
})

test('nothing follows for an address that was released', () => {
  const announcer = announcing([VIP, '192.0.2.51'])
  run(announcer, 0, 50)
  announcer.release(addressOf(VIP))
  const later = run(announcer, 51, 200 * SECOND).map((frame) => frame.address)
  assert.deepEqual(new Set(later), new Set(['192.0.2.51']))
  announcer.release(addressOf('192.0.2.51'))
  assert.deepEqual(run(announcer, 200 * SECOND, 400 * SECOND), [])
  assert.equal(announcer.nextAt, null)
})

test('an address that was released and is held again begins anew', () => {
  const announcer = announcing([VIP])
  run(announcer, 0, 5 * SECOND)
  announcer.release(addressOf(VIP))
  announcer.hold(addressOf(VIP), 6 * SECOND)
  const sent = run(announcer, 6 * SECOND, 10 * SECOND).filter(({ operation }) => operation === 'request')
  assert.deepEqual(
    sent.map(({ at }) => at - 6 * SECOND),
    [0, 100, 300, 1000, 2000, 3000],
  )
})

test('a repetition goes out at once, in one form, and changes nothing of the schedule', () => {
  const announcer = announcing([VIP])
  run(announcer, 0, 400)
  announcer.repeat(addressOf(VIP), 500)
  const requests = run(announcer, 500, 2500).filter(({ operation }) => operation === 'request')
  assert.deepEqual(
    requests.map(({ at }) => at),
    [500, 1000, 2000],
  )
})

test('silence swallows the rounds that fall into it, but not the first of an address', () => {
  const announcer = announcing([VIP])
  run(announcer, 0, 1500)
  announcer.hold(addressOf('192.0.2.51'), 61_500)
  announcer.fallSilent(62_000)
  const heard = run(announcer, 61_750, 62_400)
  assert.deepEqual(new Set(heard.map(({ address }) => address)), new Set(['192.0.2.51']))
  assert.deepEqual([heard[0]?.at, heard.length], [62_000, 2])
  const later = run(announcer, 62_400, 130_000)
  assert.equal(new Set(later.map(({ address }) => address)).size, 2)
})

test('all is announced again at once when the MAC changed, and nothing when only the name did', () => {
  const announcer = announcing([VIP])
  run(announcer, 0, 5 * SECOND)
  announcer.setLink({ ...ETH0, name: 'lan0' }, 5 * SECOND)
  assert.deepEqual(run(announcer, 5 * SECOND, 6 * SECOND), [])
  const changed = { ...ETH0, mac: 0x02_00_00_00_99_99 }
  announcer.setLink(changed, 7 * SECOND)
  const [first] = run(announcer, 7 * SECOND, 8 * SECOND)
  assert.deepEqual([first?.at, first?.mac], [7 * SECOND, changed.mac])
})
