// Whatever a user, or somebody who means ill, writes into an object: read or refused, in bounded time and words.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { IPAddressPool } from '../../src/api/index.ts'
import { type Configuration, readConfiguration } from '../../src/config/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { fc } from '../fast-check.ts'
import { advertisement, namespace, pool } from './objects.ts'

/** A sentence that fits into a condition and an event, whatever it quotes. */
const LONGEST_MESSAGE = 1000

const LONG = 'x'.repeat(1_000_000)

function read(pools: IPAddressPool[], advertisements = [advertisement('all')]): Configuration {
  const namespaces = [namespace('default', { team: 'a' })]
  const configuration = readConfiguration({ pools, advertisements, namespaces, reserved: [] })
  for (const { message } of configuration.refusals) {
    assert.ok(message.length > 0 && message.length < LONGEST_MESSAGE, `${message.slice(0, 200)}…`)
  }
  return configuration
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '__proto__',
    'constructor',
    'In',
    'app',
    'a/b',
    'A'.repeat(64),
    LONG,
    '\u0000',
    '\ud800',
  ),
)
const anyEntry = fc.oneof(
  anyText,
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), fc.integer({ min: -1, max: 40 })).map(([ip, prefix]) => `${ip}/${prefix}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: -1, max: 140 })).map(([ip, prefix]) => `${ip}/${prefix}`),
  fc.tuple(fc.ipV4(), fc.ipV4()).map((ends) => ends.join('-')),
  fc.tuple(fc.ipV6(), fc.ipV6()).map((ends) => ends.join(' - ')),
)
const anySelector = fc.record(
  {
    matchLabels: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    matchExpressions: fc.array(
      fc.record(
        {
          key: anyText,
          operator: fc.oneof(fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'), anyText),
          values: fc.array(anyText, { maxLength: 3 }),
        },
        { requiredKeys: ['key', 'operator'] },
      ),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)
const anySpec: fc.Arbitrary<IPAddressPool['spec']> = fc
  .record({
    addresses: fc.array(anyEntry, { maxLength: 4 }),
    excludeAddresses: fc.array(anyEntry, { maxLength: 2 }),
    autoAssign: fc.boolean(),
    avoidBuggyIPs: fc.boolean(),
    serviceAllocation: fc.record(
      {
        priority: fc.integer(),
        namespaces: fc.array(anyText, { maxLength: 3 }),
        namespaceSelectors: fc.array(anySelector, { maxLength: 2 }),
        serviceSelectors: fc.array(anySelector, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  })
  .map((spec) => spec)

test('whatever a pool says, it is read or refused in a bearable sentence, and its neighbour holds', () => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const neighbour = pool('neighbour', ['192.0.2.128/32'], { age: 9 })
      const { pools, refusals } = read([{ ...pool('any', []), spec }, neighbour])
      assert.ok(pools.has('neighbour'))
      assert.equal(pools.has('any'), refusals.length === 0)
    }),
    { numRuns: 3000 },
  )
})

test('whatever an advertisement says, it is read or refused in a bearable sentence, and its neighbour holds', () => {
  const anyAdvertisement = fc.record(
    {
      ipAddressPools: fc.array(anyText, { maxLength: 3 }),
      ipAddressPoolSelectors: fc.array(anySelector, { maxLength: 2 }),
      nodeSelectors: fc.array(anySelector, { maxLength: 2 }),
      serviceSelectors: fc.array(anySelector, { maxLength: 2 }),
      interfaces: fc.array(anyText, { maxLength: 2 }),
      preferredNodeSelectors: fc.array(fc.record({ weight: fc.integer(), preference: anySelector }), {
        maxLength: 2,
      }),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(anyAdvertisement, (spec) => {
      const { advertisements, refusals } = read([], [advertisement('any', spec), advertisement('neighbour')])
      assert.equal(advertisements.length, 2 - refusals.length)
      assert.ok(advertisements.some(({ name }) => name === 'neighbour'))
    }),
    { numRuns: 2000 },
  )
})

test('names that JavaScript gives to every object are no labels', () => {
  const selector = { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }
  const spec = { serviceAllocation: { namespaceSelectors: [selector] } }
  const { pools } = read([pool('lan', ['10.0.0.0/24'], spec)])
  assert.equal(pools.get('lan')?.allocation?.namespaces?.size, 0)
})

test('all of IPv6, and of IPv4, is a pool like any other', () => {
  const { pools, refusals } = read([pool('all', ['::/0', '0.0.0.0/0'])])
  assert.deepEqual(refusals, [])
  assert.equal(pools.get('all')?.addresses.size('IPv6'), 2n ** 128n)
  const excluded = read([pool('half', ['::/0'], { excludeAddresses: ['8000::/1'] })])
  assert.deepEqual(
    excluded.pools.get('half')?.assignable.map(({ last }) => last),
    [2n ** 127n - 1n],
  )
})

/** `10.x.y.z/32` for even addresses: none touches the next. */
function scattered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const value = index * 2
    return `10.${value >> 16}.${(value >> 8) & 255}.${value & 255}/32`
  })
}

test('100,000 ranges make one pool, also with as many exclusions and beside a pool that overlaps with the last', () => {
  const entries = scattered(100_000)
  const { pools } = read([pool('large', entries)])
  const large = pools.get('large')
  assert.equal(large?.ranges.length, 100_000)
  assert.equal(large?.addresses.contains(addressOf('10.3.13.62')), true)
  const last = entries.at(-1) ?? ''
  const beside = read([pool('large', entries, { age: 2 }), pool('beside', [last], { age: 1 })])
  assert.match(beside.refusals[0]?.message ?? '', /overlaps with already defined CIDR of pool "large"/)
  const holes = read([pool('holes', ['10.0.0.0/8'], { excludeAddresses: entries })])
  assert.equal(holes.pools.get('holes')?.assignable.length, 100_000)
  const twice = read([pool('twice', [...entries, last])])
  assert.match(twice.refusals[0]?.message ?? '', /of the same pool/)
})

test('10,000 pools of one range each are read', () => {
  const pools = scattered(10_000).map((entry, index) => pool(`p${index}`, [entry]))
  assert.equal(read(pools).pools.size, 10_000)
})
