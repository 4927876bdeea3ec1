import assert from 'node:assert/strict'
import test from 'node:test'
import { parseAddress } from '../../src/ip/index.ts'
import { claimIn, decodeAdvertisement, unsolicitedAdvertisement } from '../../src/packet/index.ts'

const OURS = 0x02_00_5e_10_00_01
const VIP = parseAddress('2001:db8::50')

function vip(): NonNullable<typeof VIP> {
  assert.ok(VIP)
  return VIP
}

test('an unsolicited advertisement goes to all nodes, overriding, with hop limit 255 and a right checksum', () => {
  assert.equal(
    Buffer.from(unsolicitedAdvertisement(OURS, vip())).toString('hex'),
    [
      '33330000000102005e10000186dd', // Ethernet
      '6000000000203aff20010db8000000000000000000000050ff020000000000000000000000000001', // IPv6
      '8800',
      checksum(),
      '20000000',
      '20010db8000000000000000000000050',
      '020102005e100001',
    ].join(''),
  )
})

/** Over the pseudo header (source, all nodes, length 32, next header 58) and the message, as 16-bit words. */
function checksum(): string {
  const address = [0x2001, 0x0db8, 0, 0, 0, 0, 0, 0x50]
  const words = [...address, 0xff02, 0, 0, 0, 0, 0, 0, 1, 32, 58]
  words.push(0x8800, 0x2000, 0, ...address, 0x0201, 0x0200, 0x5e10, 0x0001)
  let sum = words.reduce((one, other) => one + other, 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}

test('an advertisement claims its target for its sender', () => {
  const frame = unsolicitedAdvertisement(OURS, vip())
  assert.deepEqual(decodeAdvertisement(frame), { target: vip(), mac: OURS })
  assert.deepEqual(claimIn(frame), { address: vip(), mac: OURS })
})

test('a frame that ends early claims nothing', () => {
  const frame = unsolicitedAdvertisement(OURS, vip())
  for (let length = 0; length < 78; length++) assert.equal(claimIn(frame.subarray(0, length)), null)
})
