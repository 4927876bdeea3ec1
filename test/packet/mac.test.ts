import assert from 'node:assert/strict'
import test from 'node:test'
import { BROADCAST_MAC, formatMac } from '../../src/packet/index.ts'

test('a MAC is written in lower case, all its digits', () => {
  assert.equal(formatMac(0x02_00_5e_10_00_0a), '02:00:5e:10:00:0a')
  assert.equal(formatMac(0), '00:00:00:00:00:00')
  assert.equal(formatMac(BROADCAST_MAC), 'ff:ff:ff:ff:ff:ff')
})
