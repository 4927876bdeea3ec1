import assert from 'node:assert/strict'
import test from 'node:test'
import type { Address } from '../../src/ip/index.ts'
import {
  type ArpFrame,
  arpProbe,
  BROADCAST_MAC,
  decodeArp,
  encodeArp,
  gratuitousArp,
} from '../../src/packet/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { fc } from '../fast-check.ts'

const OURS = 0x02_00_5e_10_00_01
const THEIRS = 0x02_00_5e_10_00_02

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

const PADDING = '00'.repeat(18)

/** A request and its reply as a Linux kernel sends them, captured on a veth pair (which pads nothing). */
const REQUEST = bytes(`ffffffffffff 02005e100002 0806 0001 0800 06 04 0001
  02005e100002 c0000202 000000000000 c0000232`)
const REPLY = bytes(`02005e100002 02005e100001 0806 0001 0800 06 04 0002
  02005e100001 c0000232 02005e100002 c0000202`)

test('a request is decoded', () => {
  assert.deepEqual(decodeArp(REQUEST), {
    destination: BROADCAST_MAC,
    source: THEIRS,
    operation: 'request',
    senderMac: THEIRS,
    senderAddress: addressOf('192.0.2.2'),
    targetMac: 0,
    targetAddress: addressOf('192.0.2.50'),
  })
})

test('a reply is encoded as the kernel does, and padded to the shortest frame', () => {
  const reply: ArpFrame = {
    destination: THEIRS,
    source: OURS,
    operation: 'reply',
    senderMac: OURS,
    senderAddress: addressOf('192.0.2.50'),
    targetMac: THEIRS,
    targetAddress: addressOf('192.0.2.2'),
  }
  assert.equal(hex(encodeArp(reply)), hex(REPLY) + PADDING)
})

test('a gratuitous request asks everybody for the address it has', () => {
  assert.equal(
    hex(gratuitousArp('request', OURS, addressOf('192.0.2.50'))),
    `ffffffffffff02005e1000010806000108000604000102005e100001c0000232000000000000c0000232${PADDING}`,
  )
})

test('a gratuitous reply names the sender as its target too', () => {
  assert.equal(
    hex(gratuitousArp('reply', OURS, addressOf('192.0.2.50'))),
    `ffffffffffff02005e1000010806000108000604000202005e100001c000023202005e100001c0000232${PADDING}`,
  )
})

test('a probe asks everybody for an address without using it', () => {
  assert.equal(
    hex(arpProbe(OURS, addressOf('192.0.2.50'))),
    `ffffffffffff02005e1000010806000108000604000102005e10000100000000000000000000c0000232${PADDING}`,
  )
})

/** What is no ARP for IPv4 over Ethernet: offset of the byte that is changed, its new value. */
const OTHERS: readonly (readonly [what: string, offset: number, value: number])[] = [
  ['another EtherType', 13, 0x00],
  ['another hardware type', 15, 6],
  ['another protocol', 16, 0x86],
  ['another length of hardware addresses', 18, 8],
  ['another length of protocol addresses', 19, 16],
  ['an unknown operation', 21, 3],
]

for (const [what, offset, value] of OTHERS) {
  test(`${what} is not decoded`, () => {
    const frame = Uint8Array.from(REQUEST)
    frame[offset] = value
    assert.equal(decodeArp(frame), null)
  })
}

test('a frame that ends early is not decoded', () => {
  for (let length = 0; length < REQUEST.length; length++) {
    assert.equal(decodeArp(REQUEST.subarray(0, length)), null)
  }
})

const mac = fc.integer({ min: 0, max: BROADCAST_MAC })
const address = fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((value): Address => ({ family: 'IPv4', value }))

test('what is encoded is decoded to the same', () => {
  const frame = fc.record(
    {
      destination: mac,
      source: mac,
      operation: fc.constantFrom('request' as const, 'reply' as const),
      senderMac: mac,
      senderAddress: address,
      targetMac: mac,
      targetAddress: address,
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(frame, (value) => assert.deepEqual(decodeArp(encodeArp(value)), value)),
    { numRuns: 200 },
  )
})

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (frame) => void decodeArp(frame)),
    { numRuns: 500 },
  )
})
