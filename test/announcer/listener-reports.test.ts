import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListenerReports } from '../../src/announcer/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { link, network } from './links.ts'

const LINK = link('eth0', { networks: [network('fe80::1/64'), network('192.0.2.1/24')] })
const VIP = addressOf('2001:db8::12:3456')
/** Of another prefix, and in the same group. */
const NAMESAKE = addressOf('2001:db8:1::12:3456')
const OTHER = addressOf('2001:db8::77:7777')
const GROUP = 'ff02::1:ff12:3456'
const OTHER_GROUP = 'ff02::1:ff77:7777'
const TO_ALL = { version: 2, group: null, withinMs: 10_000, robustness: 2 } as const

const reports = (): ListenerReports => new ListenerReports(LINK, () => 0.5)

/** What the frames say: `joined GROUP`, and so on; those of the first version in brackets. */
function said(frames: readonly Uint8Array[]): string[] {
  return frames.flatMap((bytes) => {
    const hex = Buffer.from(bytes)
      .toString('hex')
      .slice(2 * 62)
    const type = hex.slice(0, 2)
    if (type !== '8f') return [`(${type === '83' ? 'report' : 'done'} ${textOf(hex.slice(16))})`]
    const records = hex.slice(16).match(/.{40}/g) ?? []
    const types: Record<string, string> = { '02': 'listening', '03': 'left', '04': 'joined' }
    return records.map((record) => `${types[record.slice(0, 2)]} ${textOf(record.slice(8))}`)
  })
}

function textOf(group: string): string {
  return `ff02::1:ff${group.slice(-6, -4)}:${group.slice(-4)}`
}

test('a group is reported at once and a second time, and then no more', () => {
  const ours = reports()
  assert.equal(ours.nextAt, null)
  ours.listen([VIP, NAMESAKE, addressOf('192.0.2.50')], 0)
  assert.equal(ours.nextAt, 0)
  assert.deepEqual(said(ours.takeDue(0)), [`joined ${GROUP}`])
  assert.equal(ours.nextAt, 500)
  assert.deepEqual(said(ours.takeDue(499)), [])
  assert.deepEqual(said(ours.takeDue(500)), [`joined ${GROUP}`])
  assert.equal(ours.nextAt, null)
})

test('a group is left with the last of its addresses', () => {
  const ours = settled([VIP, NAMESAKE])
  ours.listen([NAMESAKE], 1000)
  assert.equal(ours.nextAt, null)
  ours.listen([], 2000)
  assert.deepEqual(said(ours.takeDue(2000)), [`left ${GROUP}`])
  assert.deepEqual(said(ours.takeDue(2500)), [`left ${GROUP}`])
  assert.equal(ours.nextAt, null)
})

test('who comes back before the farewell was said twice is not said to have left', () => {
  const ours = settled([VIP])
  ours.listen([], 1000)
  ours.takeDue(1000)
  ours.listen([VIP], 1100)
  assert.deepEqual(said(ours.takeDue(1100)), [`joined ${GROUP}`])
  assert.deepEqual(said(ours.takeDue(2000)), [`joined ${GROUP}`])
})

test('a query to all is answered once with all groups, within its time', () => {
  const ours = settled([VIP, OTHER])
  ours.query(TO_ALL, 1000)
  assert.equal(ours.nextAt, 6000)
  ours.query(TO_ALL, 2000)
  assert.deepEqual(said(ours.takeDue(6000)), [`listening ${GROUP}`, `listening ${OTHER_GROUP}`])
  assert.equal(ours.nextAt, null)
})

test('a query about a group is answered if it is one of ours', () => {
  const ours = settled([VIP, OTHER])
  ours.query({ ...TO_ALL, group: groupOf(GROUP), withinMs: 1000 }, 1000)
  ours.query({ ...TO_ALL, group: groupOf('ff02::1:ff00:1'), withinMs: 1000 }, 1000)
  assert.equal(ours.nextAt, 1500)
  assert.deepEqual(said(ours.takeDue(1500)), [`listening ${GROUP}`])
  assert.equal(ours.nextAt, null)
})

test('a group that was left is not said to be listened to', () => {
  const ours = settled([VIP])
  ours.query({ ...TO_ALL, group: groupOf(GROUP), withinMs: 1000 }, 1000)
  ours.listen([], 1100)
  ours.takeDue(1100)
  assert.deepEqual(said(ours.takeDue(1500)), [])
})

test('the first version is spoken as long as somebody asks in it', () => {
  const ours = settled([VIP])
  ours.query({ version: 1, group: null, withinMs: 10_000, robustness: null }, 1000)
  assert.deepEqual(said(ours.takeDue(6000)), [`(report ${GROUP})`])
  ours.listen([OTHER], 7000)
  assert.deepEqual(said(ours.takeDue(7000)), [`(done ${GROUP})`, `(report ${OTHER_GROUP})`])
  ours.takeDue(8000)
  ours.query(TO_ALL, 261_000)
  assert.deepEqual(said(ours.takeDue(266_000)), [`listening ${OTHER_GROUP}`])
})

test('who asks without pause, and wants the answer at once, gets few', () => {
  const { value } = addressOf('2001:db8::')
  const many = Array.from({ length: 1000 }, (_, n) => ({ family: 'IPv6' as const, value: value + BigInt(n) }))
  for (const version of [1, 2] as const) {
    const ours = settled(many)
    let frames = 0
    for (let now = 0; now < 1000; now++) {
      ours.query({ version, group: null, withinMs: 0, robustness: null }, now)
      frames += ours.takeDue(now).length
    }
    assert.ok(frames <= 1020, `${frames} frames in a second of queries of version ${version}`)
  }
})

test('changes are said as often as the querier wants', () => {
  const ours = settled([])
  ours.query({ ...TO_ALL, robustness: 3 }, 1000)
  ours.takeDue(6000)
  ours.listen([VIP], 7000)
  const times = []
  for (let at = ours.nextAt; at !== null; at = ours.nextAt) if (ours.takeDue(at).length > 0) times.push(at)
  assert.deepEqual(times, [7000, 7500, 8000])
})

test('thousands of groups are reported in frames of the smallest size that every link carries', () => {
  const ours = reports()
  const { value } = addressOf('2001:db8::')
  ours.listen(
    Array.from({ length: 5000 }, (_, n) => ({ family: 'IPv6' as const, value: value + BigInt(n) })),
    0,
  )
  const frames = ours.takeDue(0)
  assert.equal(frames.length, 82)
  assert.equal(said(frames).length, 5000)
})

test('everything is said again when the cable was out, with another MAC, and with a link-local address', () => {
  for (const changed of [
    { ...LINK, carrierChanges: LINK.carrierChanges + 2 },
    { ...LINK, mac: LINK.mac + 1 },
    { ...LINK, networks: [network('fe80::2/64')] },
  ]) {
    const ours = settled([VIP])
    ours.setLink(changed, 1000)
    assert.deepEqual(said(ours.takeDue(1000)), [`joined ${GROUP}`])
  }
})

test('nothing is said again for news that concern nobody else, nor to a cable that is out', () => {
  const ours = settled([VIP])
  ours.setLink({ ...LINK, name: 'renamed' }, 1000)
  ours.setLink({ ...LINK, hasCarrier: false }, 1000)
  assert.equal(ours.nextAt, null)
})

test('reports come from the link-local address, and from none as long as there is none', () => {
  const sourceOf = (frames: readonly Uint8Array[]): string =>
    Buffer.from(frames[0] ?? [])
      .toString('hex')
      .slice(44, 76)
  const ours = reports()
  ours.listen([VIP], 0)
  assert.equal(sourceOf(ours.takeDue(0)), 'fe80'.padEnd(31, '0') + '1')
  const bare = new ListenerReports({ ...LINK, networks: [] }, () => 0.5)
  bare.listen([VIP], 0)
  assert.equal(sourceOf(bare.takeDue(0)), '0'.repeat(32))
})

/** Long after these were joined. */
function settled(addresses: Parameters<ListenerReports['listen']>[0]): ListenerReports {
  const ours = reports()
  ours.listen(addresses, -10_000)
  ours.takeDue(-10_000)
  ours.takeDue(-9000)
  return ours
}

function groupOf(text: string): bigint {
  return addressOf(text).value
}
