import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import type { Address } from '../../src/ip/index.ts'
import {
  CLAIM_STATES,
  type Hello,
  type HelloClaim,
  type Sealing,
  decodeHello,
  encodeHello,
  frameHello,
  helloKey,
  splitClaims,
  unframeHello,
} from '../../src/packet/index.ts'
import { fc } from '../fast-check.ts'

const key = helloKey(Buffer.from('the secret'))
const sealing: Sealing = { cluster: '00c0ffee00c0ffee', keys: [key] }
const MAC = 0x02_00_5e_10_00_01

const v4: Address = { family: 'IPv4', value: 0xc000_0232n }
const v6: Address = { family: 'IPv6', value: 0x2001_0db8_0000_0000_0000_0000_0000_0032n }

const hello: Hello = {
  instance: '0123456789abcdef',
  node: 'node-1',
  sequence: 258,
  deadInterval: 375,
  listening: false,
  leaving: false,
  gone: false,
  stale: true,
  quorum: true,
  asking: false,
  claims: [
    { address: v4, state: 'active', epoch: 0x8000_0001 },
    { address: v6, state: 'probing', epoch: 0x8000_0000 },
  ],
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('a hello is laid out as docs/protocol.md says', () => {
  assert.equal(
    hex(encodeHello(hello, sealing)),
    [
      '5459504d 01 00 0068', // magic, major, minor, length
      '00c0ffee00c0ffee 0123456789abcdef', // cluster, instance
      '00000102 256c4c49 0177 18 01', // sequence, key, dead interval, flags, highest major
      '01 0006 6e6f64652d31', // node
      '04 0004 256c4c49', // keys
      '02 0009 c0000232 03 80000001',
      '03 0015 20010db8000000000000000000000032 01 80000000',
      '57d2e51bdedc0ee6014674cbfe332289', // signature
    ]
      .join('')
      .replaceAll(' ', ''),
  )
})

test('a hello comes back as it was sent, with the keys that its sender accepts', () => {
  const old = helloKey(Buffer.from('an older secret'))
  assert.deepEqual(
    decodeHello(encodeHello(hello, { ...sealing, keys: [old, key] }), { ...sealing, keys: [key, old] }),
    {
      hello,
      keyIds: [old.id, key.id],
    },
  )
})

test('each refusal has its cause', () => {
  const bytes = encodeHello(hello, sealing)
  const changed = (offset: number, value: number): Uint8Array => {
    const copy = Uint8Array.from(bytes)
    copy[offset] = value
    return copy
  }
  const cases = [
    [changed(0, 0), 'malformed'],
    [changed(4, 2), 'unknownVersion'],
    [changed(7, 20), 'malformed'],
    [changed(6, 1), 'truncated'],
    [changed(8, 1), 'otherCluster'],
    [changed(28, 0), 'unknownKey'],
    [changed(27, 0), 'forged'],
    [changed(34, 0), 'forged'],
    [changed(bytes.length - 1, 0), 'forged'],
    [bytes.subarray(0, 50), 'truncated'],
    [new Uint8Array(0), 'truncated'],
  ] as const
  for (const [given, cause] of cases) assert.equal(decodeHello(given, sealing), cause)
  assert.equal(decodeHello(bytes, { ...sealing, keys: [helloKey(Buffer.from('another'))] }), 'unknownKey')
})

/** Bytes as a newer minor version might send them, signed. */
function resigned(extra: string): Uint8Array {
  const known = encodeHello({ ...hello, claims: [] }, sealing)
  const body = Buffer.concat([known.subarray(0, -16), Buffer.from(extra, 'hex')])
  body.writeUInt16BE(body.length + 16, 6)
  body[5] = 9
  return Buffer.concat([body, createHmac('sha256', key.secret).update(body).digest().subarray(0, 16)])
}

test('fields and states of a newer minor version are skipped', () => {
  const received = decodeHello(resigned('fe0002abcd020012c00002320980000001c00002330380000001'), sealing)
  assert.ok(typeof received === 'object')
  assert.deepEqual(received.hello.claims, [
    { address: { family: 'IPv4', value: 0xc000_0233n }, state: 'active', epoch: 0x8000_0001 },
  ])
})

test('a field that ends early refuses the hello, signed or not', () => {
  assert.equal(decodeHello(resigned('020009c000023203'), sealing), 'truncated')
  assert.equal(decodeHello(resigned('020008c000023203800000'), sealing), 'truncated')
})

test('bytes behind the hello are ignored: short frames are padded', () => {
  assert.ok(
    typeof decodeHello(Buffer.concat([encodeHello(hello, sealing), Buffer.alloc(9)]), sealing) === 'object',
  )
})

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): Address => ({ family: 'IPv4', value })),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value): Address => ({ family: 'IPv6', value })),
)
const claim = fc.record(
  { address, state: fc.constantFrom(...CLAIM_STATES), epoch: uint32 },
  { noNullPrototype: true },
)

test('however many claims there are, each part fits a packet of 1,280 bytes and none is lost', () => {
  const node = 'n'.repeat(253)
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 400 }), (claims) => {
      const received: HelloClaim[] = []
      for (const part of splitClaims(claims)) {
        const frame = frameHello(MAC, null, encodeHello({ ...hello, node, claims: part }, sealing))
        assert.ok(frame.length <= 14 + 1280)
        const payload = unframeHello(frame)?.payload ?? new Uint8Array(0)
        const back = decodeHello(payload, sealing)
        assert.ok(typeof back === 'object')
        received.push(...back.hello.claims)
      }
      const texts = (list: readonly HelloClaim[]): string[] =>
        list.map(({ address, state, epoch }) => `${address.family} ${address.value} ${state} ${epoch}`).sort()
      assert.deepEqual(texts(received), texts(claims))
    }),
    { numRuns: 30 },
  )
})

test('no bytes make the decoders throw', () => {
  const bytes = encodeHello(hello, sealing)
  const damaged = fc.tuple(fc.nat(bytes.length), fc.uint8Array({ maxLength: 200 }))
  fc.assert(
    fc.property(damaged, ([kept, more]) => {
      decodeHello(Buffer.concat([bytes.subarray(0, kept), more]), sealing)
      unframeHello(more)
    }),
    { numRuns: 500 },
  )
})
