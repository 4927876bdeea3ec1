import assert from 'node:assert/strict'
import test from 'node:test'
import {
  decodeListenerQuery,
  firstVersionReport,
  listenerReport,
  MAX_LISTENER_RECORDS,
} from '../../src/packet/index.ts'
import { fc } from '../fast-check.ts'

const OURS = 0x02_00_5e_10_00_01
const SOURCE = 0xfe80_0000_0000_0000_0000_5eff_fe10_0001n
const GROUP = 0xff02_0000_0000_0000_0000_0001_ff34_5678n

const SOURCE_HEX = 'fe8000000000000000005efffe100001'
const GROUP_HEX = 'ff0200000000000000000001ff345678'
const ALL_NODES_HEX = 'ff020000000000000000000000000001'
const ROUTER_ALERT = '3a00050200000100'

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex')

test('a report goes to ff02::16 with hop limit 1 and a router alert, a record for each group', () => {
  const routers = 'ff020000000000000000000000000016'
  const rest = `0000000204000000${GROUP_HEX}03000000${GROUP_HEX}`
  const records = [
    { group: GROUP, type: 'joined' },
    { group: GROUP, type: 'left' },
  ] as const
  assert.equal(
    hex(listenerReport(OURS, SOURCE, records)),
    [
      '33330000001602005e10000186dd',
      `6000000000380001${SOURCE_HEX}${routers}${ROUTER_ALERT}`,
      `8f00${checksum(`${SOURCE_HEX}${routers}000000300000003a8f000000${rest}`)}${rest}`,
    ].join(''),
  )
})

test('a full report fits into the smallest packet of IPv6', () => {
  const records = Array.from({ length: MAX_LISTENER_RECORDS }, () => ({
    group: GROUP,
    type: 'listening' as const,
  }))
  assert.ok(listenerReport(OURS, SOURCE, records).length <= 14 + 1280)
  assert.ok(listenerReport(OURS, SOURCE, [...records, ...records.slice(0, 1)]).length > 14 + 1280)
})

test('in the first version a report goes to its group, and a farewell to the routers', () => {
  const rest = `00000000${GROUP_HEX}`
  const routers = 'ff020000000000000000000000000002'
  assert.equal(
    hex(firstVersionReport(OURS, SOURCE, { group: GROUP, type: 'listening' })),
    [
      '3333ff34567802005e10000186dd',
      `6000000000200001${SOURCE_HEX}${GROUP_HEX}${ROUTER_ALERT}`,
      `8300${checksum(`${SOURCE_HEX}${GROUP_HEX}000000180000003a83000000${rest}`)}${rest}`,
    ].join(''),
  )
  assert.equal(
    hex(firstVersionReport(OURS, SOURCE, { group: GROUP, type: 'left' })),
    [
      '33330000000202005e10000186dd',
      `6000000000200001${SOURCE_HEX}${routers}${ROUTER_ALERT}`,
      `8400${checksum(`${SOURCE_HEX}${routers}000000180000003a84000000${rest}`)}${rest}`,
    ].join(''),
  )
})

interface Query {
  readonly source: string
  readonly hopLimit: string
  readonly extension: string
  /** After the checksum. */
  readonly rest: string
  readonly type: string
  readonly trailer: string
}

/** As a querier sends it to all, unless `changes` say otherwise. */
function query(changes: Partial<Query> = {}): Uint8Array {
  const { source, hopLimit, extension, rest, type, trailer } = {
    source: SOURCE_HEX,
    hopLimit: '01',
    extension: ROUTER_ALERT,
    type: '8200',
    rest: `27100000${'0'.repeat(32)}027d0000`,
    trailer: '',
    ...changes,
  }
  const length = 4 + rest.length / 2
  const pseudo = `${source}${ALL_NODES_HEX}${length.toString(16).padStart(8, '0')}0000003a`
  const message = `${type}${checksum(`${pseudo}${type}0000${rest}`)}${rest}`
  const header = `60000000${(8 + length).toString(16).padStart(4, '0')}00${hopLimit}`
  return Buffer.from(
    `33330000000102005e10009986dd${header}${source}${ALL_NODES_HEX}${extension}${message}${trailer}`,
    'hex',
  )
}

for (const [what, changes, decoded] of [
  ['to all', {}, { version: 2, group: null, withinMs: 10_000, robustness: 2 }],
  [
    'about a group',
    { rest: `03e80000${GROUP_HEX}027d0000` },
    { version: 2, group: GROUP, withinMs: 1000, robustness: 2 },
  ],
  [
    'about a group and some of its senders',
    { rest: `03e80000${GROUP_HEX}007d0001${SOURCE_HEX}` },
    { version: 2, group: GROUP, withinMs: 1000, robustness: null },
  ],
  [
    'with much time',
    { rest: `80010000${'0'.repeat(32)}00000000` },
    { version: 2, group: null, withinMs: 0x1001 * 8, robustness: null },
  ],
  [
    'of the first version',
    { rest: `27100000${'0'.repeat(32)}` },
    { version: 1, group: null, withinMs: 10_000, robustness: null },
  ],
  [
    'with its options the other way round, and padded',
    { extension: '3a00010005020000', trailer: '0000' },
    { version: 2, group: null, withinMs: 10_000, robustness: 2 },
  ],
] as const) {
  test(`a query ${what} is understood`, () => assert.deepEqual(decodeListenerQuery(query(changes)), decoded))
}

for (const [what, changes] of [
  ['from beyond a router', { hopLimit: '02' }],
  ['from an address that is not link-local', { source: '20010db8000000000000000000000009' }],
  ['without router alert', { extension: '3a00010400000000' }],
  ['that is a report', { type: '8f00' }],
  ['between the lengths of the versions', { rest: `27100000${'0'.repeat(32)}0000` }],
  ['that is too short', { rest: '27100000' }],
] as const) {
  test(`a query ${what} is ignored`, () => assert.equal(decodeListenerQuery(query(changes)), null))
}

test('a query cut off anywhere, or with any bit wrong, is ignored, or says something', () => {
  const whole = query()
  for (let length = 0; length < whole.length; length++)
    assert.equal(decodeListenerQuery(whole.subarray(0, length)), null)
  fc.assert(
    fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
      const bytes = Uint8Array.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const isChecked = bit >> 3 >= 14 + 40 + 8
      const decoded = decodeListenerQuery(bytes)
      if (isChecked) assert.equal(decoded, null)
    }),
  )
})

/** Over the pseudo header and the message (RFC 4443 section 2.3), both as hexadecimal digits. */
function checksum(digits: string): string {
  let sum = (digits.match(/.{4}/g) ?? []).reduce((total, word) => total + Number.parseInt(word, 16), 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}
