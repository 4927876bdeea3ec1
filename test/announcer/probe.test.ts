import assert from 'node:assert/strict'
import test from 'node:test'
import { Announcer, type FitLink, type Holding } from '../../src/announcer/index.ts'
import type { EvidenceKind } from '../../src/announcer/segment.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { address, link } from './links.ts'

const SECOND = 1000
const STRANGER = 0x02_00_00_00_99_99
const VIP = '192.0.2.50'
const ETH0 = link('eth0')

interface Sent {
  readonly at: number
  readonly address: string
  readonly purpose: string
}

/** An announcer under a clock of its own, on a segment where strangers answer as they are told. */
class Stage {
  readonly announcer = new Announcer({ seed: 1 })
  now = 0
  /** Addresses that a stranger has: it answers every probe 1 ms later. */
  readonly taken = new Set<string>()
  readonly sent: Sent[] = []
  links: readonly FitLink[] = [ETH0]
  holdings: readonly Holding[] = []

  hold(claim: 'cold' | 'warm', ...texts: readonly string[]): void {
    this.holdings = texts.map((text) => ({ address: address(text), interfaces: null, claim }))
    this.update()
  }

  update(): void {
    this.announcer.update({ holdings: this.holdings, links: this.links, deaf: new Set() }, this.now)
  }

  hear(text: string, kind: EvidenceKind, { mac = STRANGER, on = ETH0 } = {}): void {
    this.announcer.observe({ interfaceIndex: on.index, address: address(text), mac, kind }, this.now)
  }

  /** Lets time pass until `end`, waking as `nextAt` asks, as a timer of 1 ms does; returns what was sent. */
  runTo(end: number): Sent[] {
    const from = this.sent.length
    for (;;) {
      const asked = this.announcer.takeDue(this.now).map((frame) => {
        const text = formatAddress(frame.address)
        this.sent.push({ at: this.now, address: text, purpose: frame.purpose })
        return text
      })
      const answering = asked.filter((text) => this.taken.has(text))
      const next = answering.length > 0 ? this.now + 1 : Math.ceil(this.announcer.nextAt ?? Infinity)
      if (next > end) break
      this.now = Math.max(next, this.now + 1)
      for (const text of answering) this.hear(text, 'reply')
    }
    this.now = end
    return this.sent.slice(from)
  }

  get held(): string[] {
    return this.announcer.table.held.map(({ address }) => formatAddress(address))
  }

  get conflicts(): (readonly [string, boolean])[] {
    return this.announcer.conflicts.map(({ address, isAnnounced }) => [formatAddress(address), isAnnounced])
  }
}

function stage(claim: 'cold' | 'warm', ...texts: readonly string[]): Stage {
  const made = new Stage()
  made.hold(claim, ...texts)
  return made
}

const at = (sent: readonly Sent[], purpose: string): number[] =>
  sent.filter((frame) => frame.purpose === purpose).map((frame) => frame.at)

for (const text of [VIP, '2001:db8::50']) {
  test(`${text}, claimed cold, is asked for twice, and announced when nobody answered for 150 ms`, () => {
    const on = stage('cold', text)
    assert.deepEqual(at(on.runTo(149), 'probe'), [0, 75])
    assert.deepEqual([on.held, on.announcer.table.watched.length], [[], 1])
    assert.equal(at(on.runTo(151), 'gratuitous')[0], 150)
    assert.deepEqual([on.held, on.announcer.table.watched.length], [[text], 0])
  })
}

test('an address that is taken over is announced at once, without a question', () => {
  const on = stage('warm', VIP)
  const sent = on.runTo(10 * SECOND)
  assert.deepEqual([at(sent, 'probe'), at(sent, 'gratuitous')[0], on.held], [[], 0, [VIP]])
})

for (const kind of ['probe', 'request', 'reply', 'announcement'] as const) {
  test(`a stranger's ${kind} while we ask keeps us from the address`, () => {
    const on = stage('cold', VIP)
    on.runTo(100)
    on.hear(VIP, kind)
    on.runTo(700)
    assert.deepEqual([on.held, at(on.sent, 'gratuitous')], [[], []])
  })
}

test('an address in use is asked for again after 1 s, then every 5 s ± 20 %, and never announced', () => {
  const on = stage('cold', VIP)
  on.taken.add(VIP)
  const probes = at(on.runTo(600 * SECOND), 'probe')
  const gaps = probes.slice(1).map((each, index) => each - (probes[index] ?? 0))
  assert.ok((gaps[0] ?? 0) >= 1000 && (gaps[0] ?? 0) < 1010, `${gaps[0]}`)
  assert.ok(
    gaps.slice(1).every((gap) => gap >= 4000 && gap <= 6010),
    `${gaps}`,
  )
  assert.ok(new Set(gaps).size > gaps.length / 4)
  assert.deepEqual(at(on.sent, 'gratuitous'), [])
})

test('it is a conflict when the address was found in use twice, and over when the stranger is gone', () => {
  const on = stage('cold', VIP)
  on.taken.add(VIP)
  on.runTo(900)
  assert.deepEqual(on.conflicts, [])
  on.runTo(30 * SECOND)
  assert.deepEqual(on.announcer.conflicts, [
    { address: address(VIP), mac: STRANGER, isAnnounced: false, interface: 'eth0' },
  ])
  on.taken.clear()
  on.runTo(37 * SECOND)
  assert.deepEqual([on.conflicts, on.held], [[], [VIP]])
})

test('who was only giving the address up delays us by a second, and is no conflict', () => {
  const on = stage('cold', VIP)
  on.runTo(10)
  on.hear(VIP, 'announcement')
  on.runTo(1200)
  assert.deepEqual([on.held, on.conflicts], [[VIP], []])
})

test('what is heard of an address between two rounds changes no time', () => {
  const on = stage('cold', VIP)
  on.taken.add(VIP)
  on.runTo(1100)
  for (const now of [1500, 2000, 3000]) {
    on.runTo(now)
    on.hear(VIP, 'announcement')
  }
  assert.equal(at(on.runTo(7.2 * SECOND), 'probe').length, 1)
})

test('without a cable nobody is asked, and with it all begins', () => {
  const on = new Stage()
  on.links = [{ ...ETH0, hasCarrier: false }]
  on.hold('cold', VIP)
  assert.deepEqual([on.runTo(10 * SECOND), on.held], [[], []])
  on.links = [{ ...ETH0, hasCarrier: true, carrierChanges: 2 }]
  on.update()
  assert.deepEqual(at(on.runTo(11 * SECOND), 'probe'), [10_000, 10_075])
  assert.deepEqual(on.held, [VIP])
})

test('a cable that was out while we asked makes us ask anew; one that flaps all the time yields no claim', () => {
  const on = stage('cold', VIP)
  for (let flap = 2; flap < 20; flap++) {
    on.runTo(on.now + 100)
    on.links = [{ ...ETH0, carrierChanges: flap }]
    on.update()
  }
  assert.deepEqual(on.held, [])
  on.runTo(on.now + 150)
  assert.deepEqual(on.held, [VIP])
})

test('an address that is no longer wanted is no longer asked for', () => {
  const on = stage('cold', VIP, '192.0.2.51')
  on.runTo(50)
  on.hold('cold', '192.0.2.51')
  assert.deepEqual(
    on.runTo(SECOND).filter((frame) => frame.address === VIP),
    [],
  )
  assert.deepEqual(on.held, ['192.0.2.51'])
})

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `10.0.${n >> 8}.${n & 255}`)

test('a thousand addresses are asked for and announced within 400 ms', () => {
  const on = stage('cold', ...many(1000))
  on.runTo(400)
  assert.equal(on.held.length, 1000)
  assert.equal(
    new Set(on.sent.filter((frame) => frame.purpose === 'gratuitous').map((f) => f.address)).size,
    1000,
  )
})

test('with a thousand addresses in use at most 100 frames a second ask for them, and each has its turn', () => {
  const on = stage('cold', ...many(1000))
  for (const text of many(1000)) on.taken.add(text)
  on.runTo(SECOND)
  const probes = on.runTo(60 * SECOND)
  for (let second = 1; second < 60; second++) {
    const count = probes.filter(
      (frame) => frame.at >= second * SECOND && frame.at < (second + 1) * SECOND,
    ).length
    assert.ok(count <= 103, `${count} frames in second ${second}`)
  }
  assert.equal(new Set(probes.map((frame) => frame.address)).size, 1000)
})

test('a stranger who uses an address of ours is answered once in 10 s, and we go on', () => {
  const on = stage('cold', VIP)
  on.runTo(20 * SECOND)
  for (let now = 20; now < 40; now++) {
    on.hear(VIP, 'announcement')
    on.runTo((now + 1) * SECOND)
  }
  const defences = on.sent.filter((frame) => frame.purpose === 'defence').map((frame) => frame.at)
  const checks = defences.filter((each) => each % SECOND !== 0)
  assert.deepEqual(
    defences.filter((each) => each % SECOND === 0),
    [20_000, 30_000],
  )
  assert.ok(checks.length >= 3 && checks.length <= 5, `${checks}`)
  assert.deepEqual([on.held, on.conflicts], [[VIP], [[VIP, true]]])
})

test('as long as the stranger answers it is a conflict; 20 s after its last word no more', () => {
  const on = stage('cold', VIP)
  on.runTo(20 * SECOND)
  on.taken.add(VIP)
  on.hear(VIP, 'request')
  on.runTo(100 * SECOND)
  assert.deepEqual(on.conflicts, [[VIP, true]])
  on.taken.clear()
  on.runTo(127 * SECOND)
  assert.deepEqual(on.conflicts, [])
})

test('after a takeover the former holder may still be heard: it is answered, and reported only when it stays', () => {
  const on = stage('warm', VIP)
  on.runTo(100)
  on.hear(VIP, 'announcement')
  const sent = on.runTo(3 * SECOND)
  assert.deepEqual([at(sent, 'defence'), on.conflicts], [[100], []])
  on.hear(VIP, 'announcement')
  assert.deepEqual(on.conflicts, [[VIP, true]])
})

test('who asks whether an address of ours is free has its answer, and is no conflict', () => {
  const on = stage('cold', VIP)
  on.runTo(SECOND)
  on.hear(VIP, 'probe')
  assert.deepEqual([at(on.runTo(9 * SECOND), 'defence'), on.conflicts], [[], []])
})

test('two interfaces of ours in one segment are no strangers to each other', () => {
  const on = new Stage()
  const eth1 = link('eth1')
  on.links = [ETH0, eth1]
  on.hold('cold', VIP)
  on.runTo(10)
  on.hear(VIP, 'probe', { mac: eth1.mac })
  on.hear(VIP, 'probe', { mac: ETH0.mac, on: eth1 })
  on.runTo(160)
  assert.deepEqual(on.held, [VIP])
})

test('an address that somebody has on one segment is announced on the other', () => {
  const on = new Stage()
  const eth1 = link('eth1')
  on.links = [ETH0, eth1]
  on.hold('cold', VIP)
  on.runTo(10)
  on.hear(VIP, 'reply', { on: eth1 })
  on.runTo(160)
  assert.deepEqual(on.announcer.table, {
    held: [{ address: address(VIP), interfaceIndexes: [ETH0.index] }],
    watched: [{ address: address(VIP), interfaceIndexes: [eth1.index] }],
  })
})
