import assert from 'node:assert/strict'
import test from 'node:test'
import { duplicateProbe, unsolicitedAdvertisement } from '../../src/packet/index.ts'
import { addressOf } from '../ip/address-of.ts'

const OURS = 0x02_00_5e_10_00_01
const VIP = addressOf('2001:db8::1234:5678')

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex')

test('an unsolicited advertisement goes to all nodes, overriding, with hop limit 255', () => {
  const source = '20010db8000000000000000012345678'
  const allNodes = 'ff020000000000000000000000000001'
  const rest = `20000000${source}020102005e100001`
  assert.equal(
    hex(unsolicitedAdvertisement(OURS, VIP)),
    [
      '33330000000102005e10000186dd', // Ethernet
      `6000000000203aff${source}${allNodes}`, // IPv6
      `8800${checksum(`${source}${allNodes}000000200000003a88000000${rest}`)}${rest}`,
    ].join(''),
  )
})

test('a probe goes to the solicited-node group, from nobody and without an option', () => {
  const nobody = '0'.repeat(32)
  const group = 'ff0200000000000000000001ff345678'
  const rest = `0000000020010db8000000000000000012345678`
  assert.equal(
    hex(duplicateProbe(OURS, VIP)),
    [
      '3333ff34567802005e10000186dd', // Ethernet
      `6000000000183aff${nobody}${group}`, // IPv6
      `8700${checksum(`${nobody}${group}000000180000003a87000000${rest}`)}${rest}`,
    ].join(''),
  )
})

/** Over the pseudo header and the message (RFC 4443 section 2.3), both as hexadecimal digits. */
function checksum(digits: string): string {
  let sum = (digits.match(/.{4}/g) ?? []).reduce((total, word) => total + Number.parseInt(word, 16), 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return (~sum & 0xffff).toString(16).padStart(4, '0')
}
