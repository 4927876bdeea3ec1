import assert from 'node:assert/strict'
import test from 'node:test'
import { BROADCAST_MAC, formatMac, parseMac } from '../../src/packet/index.ts'

test('a MAC is read in either case and written in lower case', () => {
  assert.equal(parseMac('02:00:5E:10:00:0a'), 0x02_00_5e_10_00_0a)
  assert.equal(formatMac(0x02_00_5e_10_00_0a), '02:00:5e:10:00:0a')
  assert.equal(formatMac(0), '00:00:00:00:00:00')
  assert.equal(formatMac(BROADCAST_MAC), 'ff:ff:ff:ff:ff:ff')
})

for (const text of [
  '',
  '02:00:5e:10:00',
  '02:00:5e:10:00:01:02',
  '2:0:5e:10:0:1',
  '02-00-5e-10-00-01',
  '02:00:5e:10:00:0g',
]) {
  test(`${JSON.stringify(text)} is no MAC`, () => assert.equal(parseMac(text), null))
}
