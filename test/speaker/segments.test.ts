import assert from 'node:assert/strict'
import test from 'node:test'
import { type FitLink, type Frame, nodeLinks } from '../../src/announcer/index.ts'
import type { Prospect } from '../../src/config/index.ts'
import { DEFAULT_SETTINGS } from '../../src/election/index.ts'
import { formatAddress, parseRange } from '../../src/ip/index.ts'
import { formatMac } from '../../src/packet/index.ts'
import { Reporter } from '../../src/speaker/report.ts'
import { Segments } from '../../src/speaker/segments.ts'
import type { AddressIntent } from '../../src/speaker/intents.ts'
import type { TableEntry } from '../../src/wire/index.ts'
import { link, network } from '../announcer/links.ts'
import { addressOf as address } from '../ip/address-of.ts'
import { Random } from '../simulation/random.ts'

const VIP = '192.0.2.50'
const STRANGER = 0x02_00_00_00_99_99

/** The frames of one speaker go to all others that are on an interface of the same name. */
class Lan {
  now = 0
  /** Whether the first does not hear the second. */
  deafTo: (to: Segments, from: Segments) => boolean = () => false
  /** Those that do not run, and whose hellos are lost. */
  readonly frozen = new Set<Segments>()
  onFrame: (from: Segments, frame: Frame) => void = () => {}
  #drawn = 0
  readonly speakers: { readonly segments: Segments; readonly links: readonly FitLink[] }[] = []
  /** What was sent by purpose: `node purpose address`. */
  readonly sent: string[] = []

  join(node: string, ...links: readonly FitLink[]): Segments {
    const random = new Random(this.speakers.length)
    const segments = new Segments({
      node,
      settings: DEFAULT_SETTINGS,
      random: random.next,
      drawInstance: () => `${++this.#drawn}`.padStart(16, '0'),
    })
    this.speakers.push({ segments, links })
    return segments
  }

  intend(
    segments: Segments,
    node: string,
    addresses: readonly AddressIntent[],
    deaf = new Set<number>(),
    prospects: readonly Prospect[] = [],
  ): void {
    const { links = [] } = this.speakers.find((each) => each.segments === segments) ?? {}
    segments.intend({ node, cluster: '', isStale: false, addresses, prospects })
    segments.connect(nodeLinks(links, []), deaf, this.now)
  }

  runTo(end: number): void {
    for (; this.now < end; this.now++) {
      for (const { segments } of this.speakers) {
        if (this.frozen.has(segments)) continue
        for (const output of segments.run(this.now)) {
          for (const frame of output.frames) {
            this.sent.push(`${output.link.name} ${frame.purpose} ${formatAddress(frame.address)}`)
            this.onFrame(segments, frame)
          }
          for (const hello of output.hellos) {
            for (const other of this.speakers) {
              const to = other.links.find(({ name }) => name === output.link.name)
              if (
                other.segments !== segments &&
                !this.frozen.has(other.segments) &&
                to &&
                !this.deafTo(other.segments, segments)
              )
                other.segments.receive(to.index, hello, output.link.mac, this.now)
            }
          }
        }
      }
    }
  }
}

const intent = (text: string, nodes: string, interfaces: readonly string[] | null = null): AddressIntent => ({
  address: address(text),
  candidates: nodes.split(' ').map((node) => ({ node, score: 0 })),
  interfaces,
})

const reportOf = (segments: Segments) => new Reporter(String).report(segments)

const places = (entries: readonly TableEntry[]): string[] =>
  entries.map(({ address: of, interfaceIndexes }) => `${formatAddress(of)} on ${interfaceIndexes.join()}`)

const held = (segments: Segments): string[] =>
  reportOf(segments).held.map(({ ip, interfaces }) => `${ip} on ${interfaces.join()}`)

test('an address is held where its subnet is, after listening and asking, and announced there', () => {
  const lan = new Lan()
  const [eth0, eth1] = [link('eth0'), link('eth1', { networks: [network('10.0.0.1/8')] })]
  const segments = lan.join('a', eth0, eth1)
  lan.intend(segments, 'a', [intent(VIP, 'a')])
  lan.runTo(1200)
  assert.deepEqual(held(segments), [])
  lan.runTo(1400)
  assert.deepEqual(held(segments), [`${VIP} on eth0`])
  assert.deepEqual(places(segments.table.held), [`${VIP} on ${eth0.index}`])
  assert.deepEqual(new Set(lan.sent), new Set([`eth0 probe ${VIP}`, `eth0 gratuitous ${VIP}`]))
})

test('on two interfaces without its subnet it is elected on each', () => {
  const lan = new Lan()
  const far = { networks: [network('10.0.0.1/8')] }
  const segments = lan.join('a', link('eth0', far), link('eth1', far))
  lan.intend(segments, 'a', [intent(VIP, 'a')])
  lan.runTo(1500)
  assert.deepEqual(held(segments), [`${VIP} on eth0,eth1`])
})

test('of two nodes one holds it; told to end, it hands over before it lets go', () => {
  const lan = new Lan()
  const [a, b] = [lan.join('a', link('eth0')), lan.join('b', link('eth0'))]
  for (const [segments, node] of [
    [a, 'a'],
    [b, 'b'],
  ] as const)
    lan.intend(segments, node, [intent(VIP, 'a b')])
  lan.runTo(3000)
  assert.deepEqual([held(a), held(b)], [[`${VIP} on eth0`], []])
  a.leave(lan.now)
  let both = 0
  for (let end = lan.now + 1000; lan.now < end && !a.hasLeft;) {
    lan.runTo(lan.now + 1)
    assert.ok(held(a).length + held(b).length > 0, `nobody at ${lan.now}`)
    if (held(a).length > 0 && held(b).length > 0) both++
  }
  assert.ok(both < 100, `${both} ms`)
  assert.deepEqual([a.hasLeft, held(a), held(b)], [true, [], [`${VIP} on eth0`]])
})

test('a node that may hold it no longer goes on until another does', () => {
  const lan = new Lan()
  const [a, b] = [lan.join('a', link('eth0')), lan.join('b', link('eth0'))]
  lan.intend(a, 'a', [intent(VIP, 'a b')])
  lan.intend(b, 'b', [intent(VIP, 'a b')])
  lan.runTo(3000)
  lan.intend(a, 'a', [intent(VIP, 'b')])
  assert.deepEqual(held(a), [`${VIP} on eth0`])
  lan.intend(b, 'b', [intent(VIP, 'b')])
  lan.runTo(3500)
  assert.deepEqual([held(a), held(b)], [[], [`${VIP} on eth0`]])
})

test('a node that was frozen announces nothing before it has heard who holds its addresses now', () => {
  const lan = new Lan()
  const [a, b] = [lan.join('a', link('eth0')), lan.join('b', link('eth0'))]
  const addresses = Array.from({ length: 50 }, (_, n) => intent(`192.0.2.${n + 1}`, 'a b'))
  lan.intend(a, 'a', addresses)
  lan.intend(b, 'b', addresses)
  lan.runTo(58_000)
  const heldBefore = held(a).length
  assert.ok(heldBefore > 0)
  lan.frozen.add(a)
  lan.runTo(68_000)
  assert.equal(held(b).length, addresses.length)
  lan.frozen.clear()
  const announced: string[] = []
  lan.onFrame = (from, { purpose }) => from === a && announced.push(`${lan.now} ${purpose}`)
  lan.deafTo = (to) => to === a // whose hellos wait to be read
  lan.runTo(68_200)
  assert.deepEqual([announced, held(a).length], [[], heldBefore])
  lan.deafTo = () => false
  lan.runTo(70_000)
  assert.deepEqual([announced, held(a)], [[], []])
})

test('what nobody asks for any more is let go at once', () => {
  const lan = new Lan()
  const segments = lan.join('a', link('eth0'))
  lan.intend(segments, 'a', [intent(VIP, 'a')])
  lan.runTo(1500)
  lan.intend(segments, 'a', [])
  lan.runTo(1502)
  assert.deepEqual([held(segments), segments.table.held], [[], []])
})

test('switches are told of the group of an IPv6 address before it is asked for, and when it is let go', () => {
  const lan = new Lan()
  const segments = lan.join(
    'a',
    link('eth0', { networks: [network('2001:db8::1/64'), network('fe80::1/64')] }),
  )
  const group = 'ff0200000000000000000001ff000050'
  /** For a run, of each frame about the group what it is: a report, or a probe. */
  const told: string[][] = []
  const runTo = (end: number): void => {
    for (; lan.now < end; lan.now++)
      for (const { reports, frames } of segments.run(lan.now)) {
        const about = reports.filter((bytes) => Buffer.from(bytes).toString('hex').includes(group))
        const purposes = [...about.map(() => 'report'), ...frames.map(({ purpose }) => purpose)]
        if (about.length > 0) told.push(purposes)
      }
  }
  lan.intend(segments, 'a', [intent('2001:db8::50', 'a')])
  runTo(4000)
  assert.deepEqual(told, [['report', 'probe'], ['report']])
  lan.intend(segments, 'a', [])
  runTo(6000)
  assert.deepEqual(told.slice(2), [['report'], ['report']])
})

test('an interface that cannot be listened on has no part in it', () => {
  const lan = new Lan()
  const eth0 = link('eth0')
  const segments = lan.join('a', eth0)
  lan.intend(segments, 'a', [intent(VIP, 'a')], new Set([eth0.index]))
  lan.runTo(2000)
  assert.deepEqual([held(segments), lan.sent], [[], []])
})

test('an address that no interface can announce is named, where this node might hold it', () => {
  const lan = new Lan()
  const segments = lan.join('a', link('eth0'))
  lan.intend(segments, 'a', [intent(VIP, 'b a', ['eth9']), intent('192.0.2.51', 'b', ['eth9'])])
  assert.deepEqual(segments.unplaced, [address(VIP)])
})

test('a stranger who has the address blocks it, and is named; when he has gone it is taken', () => {
  const lan = new Lan()
  const eth0 = link('eth0')
  const segments = lan.join('a', eth0)
  lan.intend(segments, 'a', [intent(VIP, 'a')])
  lan.runTo(1250)
  segments.observe(
    { interfaceIndex: eth0.index, address: address(VIP), mac: STRANGER, kind: 'reply' },
    lan.now,
  )
  lan.runTo(2000)
  const [conflict] = reportOf(segments).conflicts
  assert.deepEqual(conflict, {
    ip: VIP,
    interface: 'eth0',
    mac: '02:00:00:00:99:99',
    node: null,
    isAnnounced: false,
  })
  assert.deepEqual(places(segments.table.watched), [`${VIP} on ${eth0.index}`])
  lan.runTo(8000)
  assert.deepEqual([held(segments), reportOf(segments).conflicts], [[`${VIP} on eth0`], []])
})

test('an address that the kernel of another node has is not announced, and the node is named', () => {
  const lan = new Lan()
  const [atA, atB] = [link('eth0'), link('eth0')]
  const [a, b] = [lan.join('a', atA), lan.join('b', atB)]
  const addresses = [intent(VIP, 'a'), intent('192.0.2.51', 'b')]
  lan.intend(a, 'a', addresses)
  lan.intend(b, 'b', addresses)
  const answer = (kind: 'reply' | 'announcement'): void =>
    a.observe({ interfaceIndex: atA.index, address: address(VIP), mac: atB.mac, kind }, lan.now)
  lan.onFrame = (from, frame) => {
    if (from === a && frame.purpose === 'probe') answer('reply')
  }
  lan.runTo(10_000)
  const mac = formatMac(atB.mac)
  const conflict = { ip: VIP, interface: 'eth0', mac, node: 'b', isAnnounced: false }
  assert.deepEqual([reportOf(a).conflicts, held(a)], [[conflict], []])
  lan.onFrame = () => {} // it is gone from there
  lan.runTo(20_000)
  assert.deepEqual([reportOf(a).conflicts, held(a)], [[], [`${VIP} on eth0`]])

  answer('announcement') // it is there again, and announced here meanwhile
  lan.onFrame = (from, { purpose }) => {
    if (from === a && purpose === 'defence') answer('reply')
  }
  lan.runTo(21_000)
  assert.deepEqual(reportOf(a).conflicts, [])
  lan.runTo(27_000)
  assert.deepEqual(reportOf(a).conflicts, [{ ...conflict, isAnnounced: true }])
})

test('handovers are no conflicts, however late a claim is heard', () => {
  const lan = new Lan()
  const [atA, atB] = [link('eth0'), link('eth0')]
  const [a, b] = [lan.join('a', atA), lan.join('b', atB)]
  lan.onFrame = (from, { address: about, purpose }) => {
    if (purpose === 'probe') return
    const [to, interfaceIndex, mac] =
      from === a ? [b, atB.index, atA.mac] : ([a, atA.index, atB.mac] as const)
    to.observe({ interfaceIndex, address: about, mac, kind: 'announcement' }, lan.now)
  }
  for (let turn = 0; turn < 8; turn++) {
    const nodes = turn % 2 === 0 ? 'a' : 'b'
    lan.intend(a, 'a', [intent(VIP, nodes)])
    lan.intend(b, 'b', [intent(VIP, nodes)])
    for (const end = lan.now + 6000; lan.now < end;) {
      lan.runTo(lan.now + 100)
      assert.deepEqual([reportOf(a).conflicts, reportOf(b).conflicts], [[], []])
    }
    assert.equal(held(turn % 2 === 0 ? a : b).length, 1)
  }
})

test('a cable that was out ends every claim, and they begin anew when it is back', () => {
  const lan = new Lan()
  const eth0 = link('eth0')
  const segments = lan.join('a', eth0)
  lan.intend(segments, 'a', [intent(VIP, 'a')])
  lan.runTo(1500)
  segments.connect(nodeLinks([{ ...eth0, hasCarrier: false, carrierChanges: 2 }], []), new Set(), lan.now)
  lan.runTo(1510)
  assert.deepEqual(held(segments), [])
  segments.connect(nodeLinks([{ ...eth0, carrierChanges: 3 }], []), new Set(), lan.now)
  lan.runTo(3000)
  assert.deepEqual(held(segments), [`${VIP} on eth0`])
  segments.connect(nodeLinks([{ ...eth0, carrierChanges: 5 }], []), new Set(), lan.now) // out and in again between two looks
  lan.runTo(3001)
  assert.deepEqual(held(segments), [])
})

test('the report names the peers of each segment, and what they hold', () => {
  const lan = new Lan()
  const [a, b] = [lan.join('a', link('eth0')), lan.join('b', link('eth0'))]
  lan.intend(a, 'a', [intent(VIP, 'a b')])
  lan.intend(b, 'b', [intent(VIP, 'a b')])
  lan.runTo(3000)
  const [segment] = reportOf(b).segments
  assert.deepEqual(
    segment?.peers.map(({ node, held: count, hasQuorum }) => [node, count, hasQuorum]),
    [['a', 1, true]],
  )
  assert.deepEqual(
    [segment?.interface, segment?.isUp, segment?.isListening, segment?.hasQuorum],
    ['eth0', true, false, true],
  )
})

test('two others who hold one address, and do not hear each other, are told of by who hears both', () => {
  const lan = new Lan()
  const [a, b, c] = ['a', 'b', 'c'].map((node) => lan.join(node, link('eth0'))) as [
    Segments,
    Segments,
    Segments,
  ]
  lan.deafTo = (to, from) => (to === a && from === b) || (to === b && from === a)
  lan.intend(a, 'a', [intent(VIP, 'a b c')])
  lan.intend(b, 'b', [intent(VIP, 'a b c')])
  lan.intend(c, 'c', [intent(VIP, 'a b c')])
  lan.runTo(4000)
  const [segment] = reportOf(c).segments
  assert.deepEqual(segment?.disputed, [{ ip: VIP, nodes: ['a', 'b'] }])
})

test('of what is held a report tells what has changed since the last one, and all of it when an interface is renamed', () => {
  const lan = new Lan()
  const [eth0, eth1] = [link('eth0'), link('eth1')]
  const segments = lan.join('a', eth0, eth1)
  const reporter = new Reporter(String)
  const told = (): unknown => {
    const { held: news, released } = reporter.report(segments)
    return [news.map(({ ip, interfaces }) => `${ip} on ${interfaces.join()}`), released]
  }
  lan.intend(segments, 'a', [intent('10.0.0.1', 'a', ['eth0']), intent('10.0.0.2', 'a')])
  lan.runTo(1500)
  assert.deepEqual(told(), [['10.0.0.1 on eth0', '10.0.0.2 on eth0,eth1'], []])
  assert.deepEqual(told(), [[], []])
  lan.intend(segments, 'a', [intent('10.0.0.2', 'a', ['eth0', 'lan1'])])
  lan.runTo(1600)
  assert.deepEqual(told(), [['10.0.0.2 on eth0'], ['10.0.0.1']])
  segments.connect(nodeLinks([{ ...eth0, name: 'lan1' }, eth1], []), new Set(), lan.now)
  lan.runTo(1700)
  assert.deepEqual(told(), [['10.0.0.2 on lan1'], []])
  segments.connect(nodeLinks([], []), new Set(), lan.now)
  assert.deepEqual(told(), [[], ['10.0.0.2']])
})

/** What a pool of these addresses lets a node announce; `text` as in the pool. */
function prospect(text: string, interfaces: readonly string[] | null = null): Prospect {
  const parsed = parseRange(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return { ranges: [parsed.range], interfaces }
}

test('a node that could announce a pool has listened before the first Service comes', () => {
  const lan = new Lan()
  const segments = lan.join('a', link('eth0'))
  lan.intend(segments, 'a', [], new Set(), [prospect('192.0.2.0/28')])
  lan.runTo(2000)
  lan.intend(segments, 'a', [intent(VIP, 'a')], new Set(), [prospect('192.0.2.0/28')])
  lan.runTo(2160)
  assert.deepEqual(held(segments), [`${VIP} on eth0`])
})

test('a pool is listened for where its subnet is, or where its advertisement says, or else everywhere', () => {
  const [eth0, eth1] = [link('eth0'), link('eth1', { networks: [network('10.0.0.1/8')] })]
  for (const [pool, names] of [
    [prospect('192.0.2.10-192.0.2.20'), 'eth0'],
    [prospect('10.0.0.0/16'), 'eth1'],
    [prospect('198.51.100.0/24'), 'eth0,eth1'],
    [prospect('192.0.2.128-198.51.100.1'), 'eth0,eth1'],
    [prospect('192.0.2.0/24', ['eth1']), 'eth1'],
  ] as const) {
    const lan = new Lan()
    const segments = lan.join('a', eth0, eth1)
    lan.intend(segments, 'a', [], new Set(), [pool])
    assert.equal([...segments.all].map((segment) => segment.link.name).join(), names)
  }
})

test('an election is left a minute after nothing can be announced there any more', () => {
  const lan = new Lan()
  const eth0 = link('eth0')
  const [a, b] = [lan.join('a', eth0), lan.join('b', link('eth0'))]
  for (const [segments, node] of [
    [a, 'a'],
    [b, 'b'],
  ] as const)
    lan.intend(segments, node, [], new Set(), [prospect('192.0.2.0/24')])
  lan.runTo(2000)
  const peersOfB = (): unknown => reportOf(b).segments.map(({ peers }) => peers.map(({ node }) => node))
  lan.intend(a, 'a', [])
  assert.equal(a.isAnyUnwanted, true)
  lan.runTo(61_000)
  lan.intend(a, 'a', [])
  lan.runTo(61_500)
  assert.deepEqual(peersOfB(), [['a']])
  lan.runTo(62_000)
  lan.intend(a, 'a', [])
  lan.runTo(62_100)
  assert.deepEqual(peersOfB(), [[]])
  lan.intend(a, 'a', [])
  assert.deepEqual([[...a.all], a.isAnyUnwanted, a.needed(nodeLinks([eth0], []))], [[], false, []])
})

test('an election that is wanted again while it is being left is joined anew', () => {
  const lan = new Lan()
  const segments = lan.join('a', link('eth0'))
  const pools = [prospect('192.0.2.0/24')]
  lan.intend(segments, 'a', [], new Set(), pools)
  lan.intend(segments, 'a', [])
  lan.runTo(60_000)
  lan.intend(segments, 'a', [])
  lan.intend(segments, 'a', [intent(VIP, 'a')], new Set(), pools)
  assert.equal(segments.isAnyUnwanted, true)
  lan.runTo(62_000)
  assert.deepEqual(held(segments), [])
  lan.intend(segments, 'a', [intent(VIP, 'a')], new Set(), pools)
  assert.equal(segments.isAnyUnwanted, false)
  lan.runTo(64_000)
  assert.deepEqual(held(segments), [`${VIP} on eth0`])
})

test('it may be silent for as long as the peers grant it where it is heard', () => {
  for (const [hasCarrier, silence] of [
    [true, 375],
    [false, 900],
  ] as const) {
    const lan = new Lan()
    const far = { networks: [network('10.0.0.1/8')] }
    const [crowded, quiet] = [link('eth0', far), link('eth1', { ...far, hasCarrier })]
    const segments = lan.join('a', crowded, quiet)
    lan.intend(segments, 'a', [intent(VIP, 'a')])
    const says = { deadInterval: 60_000, listening: false, leaving: false, gone: false, stale: false }
    for (let peer = 1; peer <= 200; peer++) {
      const of = { instance: `${peer}`.padStart(16, 'f'), node: `node-${peer}`, sequence: 1 }
      const hello = { ...of, ...says, quorum: true, asking: false, claims: [] }
      assert.equal(segments.receive(crowded.index, hello, peer, 0), null)
    }
    assert.equal(segments.deadInterval, silence)
  }
})
