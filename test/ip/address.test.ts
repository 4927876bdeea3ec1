import assert from 'node:assert/strict'
import { SocketAddress, isIP } from 'node:net'
import test from 'node:test'
import { type Address, formatAddress, parseAddress } from '../../src/ip/index.ts'
import { fc } from '../fast-check.ts'
import { damaged } from './damage.ts'

const anyIPv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups): Address => ({
    family: 'IPv6',
    value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n),
  }))
  .filter(({ value }) => value >> 32n !== 0xffffn)
const anyIPv4 = fc
  .integer({ min: 0, max: 0xffffffff })
  .map((value): Address => ({ family: 'IPv4', value: BigInt(value) }))

test('an address has one text, that of RFC 5952', () => {
  const texts = [
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of two equal runs, section 4.2.3
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longer run
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is no run, section 4.2.2
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['::ffff:192.0.2.1', '192.0.2.1'], // IPv4-mapped is IPv4
    ['::FFFF:c000:201', '192.0.2.1'],
  ] as const
  for (const [text, expected] of texts) {
    const address = parseAddress(text)
    assert.ok(address, text)
    assert.equal(formatAddress(address), expected)
  }
})

test('what other programs read differently, or not at all, is no address', () => {
  const texts = [
    '',
    ' 192.0.2.1',
    '192.0.2.1 ',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '0x7f.0.0.1',
    '192.0.2.1.1',
    '3221225985',
    '192.0.2.1/32',
    'fe80::1%eth0',
    '[::1]',
    '1::2::3',
    ':::',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'localhost',
    '192.0.2.1\n',
    '１.2.3.4',
    '1'.repeat(1_000_000),
  ]
  for (const text of texts) assert.equal(parseAddress(text), null, text.slice(0, 40))
})

test('every address is read back from its text', () => {
  fc.assert(
    fc.property(fc.oneof(anyIPv4, anyIPv6), (address) => {
      assert.deepEqual(parseAddress(formatAddress(address)), address)
    }),
    { numRuns: 1000 },
  )
})

test('the text of an IPv6 address is the one that the system gives it', () => {
  fc.assert(
    fc.property(
      anyIPv6.filter(({ value }) => value >> 32n !== 0n),
      (address) => {
        const text = formatAddress(address)
        assert.equal(new SocketAddress({ address: text, family: 'ipv6' }).address, text)
      },
    ),
    { numRuns: 1000 },
  )
})

test('no text crashes the parser, and what it takes the system takes too', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'0123456789abcfx:.%/ -'.split('')), maxLength: 50 })
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), (text) => {
      if (parseAddress(text) !== null) assert.notEqual(isIP(text), 0, text)
    }),
    { numRuns: 3000 },
  )
})

test('of texts that are nearly addresses those are addresses that the system takes', () => {
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('::ffff:192.0.2.1', '::', '1::', '64:ff9b::192.0.2.1'),
  )
  const nearly = damaged(texts, ['', ':', '.', '0', '00', '1', 'f', '::', '255', 'g', ' ', '\u0661'])
  fc.assert(
    fc.property(nearly, (text) => {
      const takes = isIP(text) !== 0 && !text.includes('%')
      assert.equal(parseAddress(text) !== null, takes, JSON.stringify(text))
    }),
    { numRuns: 5000 },
  )
})
