import assert from 'node:assert/strict'
import test from 'node:test'
import { Announcer, type FitLink, type Holding } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { type ArpOperation, decodeArp, type Mac } from '../../src/packet/index.ts'
import { address, link } from './links.ts'

const SECOND = 1000

interface Sent {
  readonly at: number
  readonly address: string
  readonly operation: ArpOperation | undefined
  readonly mac: Mac | undefined
  readonly interfaceIndex: number
}

/** Lets the announcer send until `end`, waking as its `nextAt` asks, as a timer of 1 ms does. */
function run(announcer: Announcer, from: number, end: number): Sent[] {
  const sent: Sent[] = []
  let now = from
  while (now <= end) {
    for (const frame of announcer.takeDue(now)) {
      const arp = decodeArp(frame.bytes)
      const { interfaceIndex } = frame
      const text = formatAddress(frame.address)
      sent.push({ at: now, address: text, operation: arp?.operation, mac: arp?.senderMac, interfaceIndex })
    }
    if (announcer.nextAt === null) return sent
    now = Math.max(Math.ceil(announcer.nextAt), now + 1)
  }
  return sent
}

const holding = (text: string, interfaces: readonly string[] | null = null): Holding => ({
  address: address(text),
  interfaces,
  claim: 'warm',
})

const many = (count: number): Holding[] =>
  Array.from({ length: count }, (_, n) => holding(`10.0.${n >> 8}.${n & 255}`))

const ETH0 = link('eth0')

function update(
  announcer: Announcer,
  holdings: readonly Holding[],
  links: readonly FitLink[],
  now: number,
): void {
  announcer.update({ holdings, links, deaf: new Set() }, now)
}

function announcing(holdings: readonly Holding[], links: readonly FitLink[] = [ETH0], seed = 1): Announcer {
  const announcer = new Announcer({ seed })
  update(announcer, holdings, links, 0)
  return announcer
}

test('an address taken over is announced in both forms at 0, 0.1, 0.3, 1, 2 and 3 s', () => {
  const sent = run(announcing([holding('192.0.2.50')]), 0, 10 * SECOND)
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
  const sent = run(announcing([holding('192.0.2.50')]), 0, 3600 * SECOND)
  const requests = sent
    .filter(({ operation, at }) => operation === 'request' && at >= 3000)
    .map(({ at }) => at)
  const gaps = requests.slice(1).map((at, index) => at - (requests[index] ?? 0))
  assert.ok(
    gaps.every((gap) => gap >= 54 * SECOND && gap <= 66 * SECOND),
    `${gaps}`,
  )
  assert.ok(new Set(gaps).size > gaps.length / 2)
  assert.deepEqual(run(announcing([holding('192.0.2.50')]), 0, 3600 * SECOND), sent)
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

test('each interface has its own budget, and its own MAC in the frames', () => {
  const eth1 = link('eth1')
  const sent = run(announcing(many(200), [ETH0, eth1]), 0, 20)
  for (const { index, mac } of [ETH0, eth1]) {
    const own = sent.filter((frame) => frame.interfaceIndex === index && frame.operation === 'request')
    assert.equal(own.length, 200)
    assert.ok(own.every((frame) => frame.mac === mac))
  }
})

test('nothing follows for an address that was given up', () => {
  const announcer = announcing([holding('192.0.2.50'), holding('192.0.2.51')])
  run(announcer, 0, 50)
  update(announcer, [holding('192.0.2.51')], [ETH0], 50)
  assert.deepEqual(
    new Set(run(announcer, 51, 200 * SECOND).map((frame) => frame.address)),
    new Set(['192.0.2.51']),
  )
  update(announcer, [], [ETH0], 200 * SECOND)
  assert.deepEqual(run(announcer, 200 * SECOND, 400 * SECOND), [])
  assert.equal(announcer.nextAt, null)
})

test('an address that was given up and taken again begins anew', () => {
  const announcer = announcing([holding('192.0.2.50')])
  run(announcer, 0, 5 * SECOND)
  update(announcer, [], [ETH0], 5 * SECOND)
  update(announcer, [holding('192.0.2.50')], [ETH0], 6 * SECOND)
  const sent = run(announcer, 6 * SECOND, 10 * SECOND).filter(({ operation }) => operation === 'request')
  assert.deepEqual(
    sent.map(({ at }) => at - 6 * SECOND),
    [0, 100, 300, 1000, 2000, 3000],
  )
})

test('an update that changes nothing announces nothing', () => {
  const announcer = announcing([holding('192.0.2.50')])
  run(announcer, 0, 5 * SECOND)
  update(announcer, [holding('192.0.2.50')], [{ ...ETH0, name: 'lan0' }], 5 * SECOND)
  assert.deepEqual(run(announcer, 5 * SECOND, 10 * SECOND), [])
})

for (const [what, change] of [
  ['the MAC changed', { mac: 0x02_00_00_00_99_99 }],
  ['the cable was out', { carrierChanges: 3 }],
  ['the interface was made anew', { index: 4711 }],
] as const) {
  test(`all is announced again at once when ${what}`, () => {
    const announcer = announcing([holding('192.0.2.50')])
    run(announcer, 0, 5 * SECOND)
    const changed = { ...ETH0, ...change }
    update(announcer, [holding('192.0.2.50')], [changed], 5 * SECOND)
    const [first] = run(announcer, 5 * SECOND, 6 * SECOND)
    assert.deepEqual([first?.at, first?.mac, first?.interfaceIndex], [5 * SECOND, changed.mac, changed.index])
  })
}

test('the table says where each address is answered, and no interface, no entry', () => {
  const eth1 = link('eth1', { networks: [] })
  const announcer = announcing(
    [
      holding('192.0.2.50'),
      holding('203.0.113.1'),
      holding('192.0.2.51', ['eth1']),
      holding('192.0.2.52', ['eth9']),
    ],
    [eth1, ETH0],
  )
  assert.deepEqual(announcer.table, {
    held: [
      { address: address('192.0.2.50'), interfaceIndexes: [ETH0.index] },
      { address: address('203.0.113.1'), interfaceIndexes: [eth1.index, ETH0.index] },
      { address: address('192.0.2.51'), interfaceIndexes: [eth1.index] },
    ],
    watched: [],
  })
  assert.deepEqual(announcer.unplaced, [address('192.0.2.52')])
  assert.deepEqual(
    announcer.announced.map(({ interfaces }) => interfaces),
    [['eth0'], ['eth0', 'eth1'], ['eth1']],
  )
})

test('on an interface that cannot be listened on nothing is announced, and nowhere else instead', () => {
  const eth1 = link('eth1', { networks: [] })
  const announcer = new Announcer({ seed: 1 })
  const deaf = new Set([ETH0.index])
  announcer.update({ holdings: [holding('192.0.2.50')], links: [ETH0, eth1], deaf }, 0)
  assert.deepEqual(run(announcer, 0, SECOND), [])
  assert.deepEqual(announcer.unplaced, [address('192.0.2.50')])
})
