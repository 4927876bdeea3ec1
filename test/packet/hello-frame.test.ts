import assert from 'node:assert/strict'
import test from 'node:test'
import { frameHello, unframeHello } from '../../src/packet/index.ts'

const MAC = 0x02_00_5e_10_00_01
const PAYLOAD = Uint8Array.of(1, 2, 3)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('the datagram goes from an address of the interface to the link-local group, with both checksums', () => {
  const frame = frameHello(MAC, { family: 'IPv4', value: 0xac19_fe0bn }, PAYLOAD)
  assert.equal(
    hex(frame),
    '01005e0000fe02005e1000010800' +
      '4500001f00004000ff11f0a9ac19fe0be00000fe' +
      '1f0a1f0a000b329e010203' +
      '00'.repeat(15),
  )
})

test('an interface without an address sends from 0.0.0.0', () => {
  assert.equal(hex(frameHello(MAC, null, PAYLOAD)).slice(52, 60), '00000000')
})

test('a frame gives its payload back, without the padding, and who sent it', () => {
  assert.deepEqual(unframeHello(frameHello(MAC, null, PAYLOAD)), { source: MAC, payload: PAYLOAD })
})

/** Offset of the byte that is changed, its new value. */
const OTHERS: readonly (readonly [what: string, offset: number, value: number])[] = [
  ['to another MAC', 0, 0xff],
  ['of another EtherType', 13, 0x06],
  ['of another IP version', 14, 0x65],
  ['with an impossible header length', 14, 0x44],
  ['that is a fragment', 21, 1],
  ['that is a first fragment', 20, 0x20],
  ['that passed a router', 22, 254],
  ['of another protocol', 23, 6],
  ['to another group', 33, 1],
  ['to another port', 37, 0],
  ['with a length beyond its packet', 39, 200],
  ['with a length shorter than its header', 39, 7],
]

for (const [what, offset, value] of OTHERS) {
  test(`a frame ${what} is none of ours`, () => {
    const frame = frameHello(MAC, null, PAYLOAD)
    frame[offset] = value
    assert.equal(unframeHello(frame), null)
  })
}

test('a frame that ends early is none of ours', () => {
  const frame = frameHello(MAC, null, PAYLOAD)
  for (let length = 0; length < 14 + 20 + 8 + 3; length++)
    assert.equal(unframeHello(frame.subarray(0, length)), null)
})
