import assert from 'node:assert/strict'
import test from 'node:test'
import { formatAddress, formatRange, parseAddress, parseRange } from '../../src/ip/index.ts'
import { fc } from '../fast-check.ts'
import { damaged } from './damage.ts'

function read(text: string): string {
  const parsed = parseRange(text)
  return 'range' in parsed ? formatRange(parsed.range) : parsed.problem
}

test('networks and ranges are read to their first and last address', () => {
  const texts = [
    ['192.0.2.0/24', '192.0.2.0-192.0.2.255'],
    ['192.0.2.77/24', '192.0.2.0-192.0.2.255'], // host bits are dropped
    ['192.0.2.7/32', '192.0.2.7'],
    ['0.0.0.0/0', '0.0.0.0-255.255.255.255'],
    ['2001:db8::5/126', '2001:db8::4-2001:db8::7'],
    ['::/0', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['192.0.2.10-192.0.2.20', '192.0.2.10-192.0.2.20'],
    [' 192.0.2.10 -\t192.0.2.20 ', '192.0.2.10-192.0.2.20'],
    ['192.0.2.7-192.0.2.7', '192.0.2.7'],
    ['2001:db8::1-2001:db8::ff', '2001:db8::1-2001:db8::ff'],
    ['::ffff:192.0.2.1-192.0.2.9', '192.0.2.1-192.0.2.9'], // IPv4-mapped is IPv4
    ['::ffff:192.0.2.0/120', '192.0.2.0-192.0.2.255'],
  ] as const
  for (const [text, expected] of texts) assert.equal(read(text), expected)
})

test('what is no network and no range is refused with a sentence that names it', () => {
  const texts = [
    ['garbage', '"garbage" is neither a network nor a range of addresses'],
    ['', '"" is neither a network nor a range of addresses'],
    ['192.0.2.7', '"192.0.2.7" is a single address: write "192.0.2.7/32"'],
    ['2001:db8::7', '"2001:db8::7" is a single address: write "2001:db8::7/128"'],
    ['192.0.2.0/33', 'the prefix of "192.0.2.0/33" must be a number from 0 to 32'],
    ['192.0.2.0/', 'the prefix of "192.0.2.0/" must be a number from 0 to 32'],
    ['192.0.2.0/024', 'the prefix of "192.0.2.0/024" must be a number from 0 to 32'],
    ['192.0.2.0/-1', '"192.0.2.0/-1" is not a range: "192.0.2.0/" is no address'],
    ['2001:db8::/129', 'the prefix of "2001:db8::/129" must be a number from 0 to 128'],
    ['::ffff:192.0.2.0/24', 'the prefix of "::ffff:192.0.2.0/24" must be a number from 96 to 128'],
    [' 192.0.2.0/24', '" 192.0.2.0/24" is neither a network nor a range of addresses'],
    ['192.0.2.9-192.0.2.1', 'the range "192.0.2.9-192.0.2.1" begins after its end'],
    ['2001:db8::9-2001:db8::1', 'the range "2001:db8::9-2001:db8::1" begins after its end'],
    ['192.0.2.9-2001:db8::1', 'the ends of the range "192.0.2.9-2001:db8::1" are of different IP families'],
    ['192.0.2.9-', '"192.0.2.9-" is not a range: "" is no address'],
    [
      '192.0.2.1-192.0.2.2-192.0.2.3',
      '"192.0.2.1-192.0.2.2-192.0.2.3" is not a range: "192.0.2.2-192.0.2.3" is no address',
    ],
  ] as const
  for (const [text, problem] of texts) assert.equal(read(text), problem)
})

test('no text crashes the parser or comes back at length', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'0123456789af:./- '.split('')), maxLength: 60 })
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), (text) => {
      const parsed = parseRange(text)
      if ('range' in parsed) assert.ok(parsed.range.first <= parsed.range.last)
    }),
    { numRuns: 2000 },
  )
  assert.ok(read('1'.repeat(1_000_000)).length < 300)
  assert.ok(read(`${'-'.repeat(1_000_000)}1`).length < 300)
})

test('of texts that are nearly entries each is a range, or refused in a sentence that quotes it', () => {
  const texts = fc.oneof(
    fc.tuple(fc.ipV4(), fc.nat(32)).map((parts) => parts.join('/')),
    fc.tuple(fc.ipV6(), fc.nat(128)).map((parts) => parts.join('/')),
    fc.tuple(fc.ipV4(), fc.ipV4()).map((ends) => ends.join('-')),
    fc.tuple(fc.ipV6(), fc.ipV6()).map((ends) => ends.join('-')),
  )
  const nearly = damaged(texts, ['', '-', '/', ' ', '\t', '.', ':', '0', '9'])
  fc.assert(
    fc.property(nearly, (text) => {
      const parsed = parseRange(text)
      if ('range' in parsed) {
        const { family, first, last } = parsed.range
        assert.ok(first <= last)
        const told = formatRange(parsed.range)
        // The end of ::/80 is an IPv4-mapped address, which reads as IPv4.
        const hasEnd =
          told.includes('-') && parseAddress(formatAddress({ family, value: last }))?.family === family
        assert.equal(read(hasEnd ? told : text), told)
      } else assert.ok(parsed.problem.includes('"') && parsed.problem.length < 1000)
    }),
    { numRuns: 5000 },
  )
})
