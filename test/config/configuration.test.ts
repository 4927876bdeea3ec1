import assert from 'node:assert/strict'
import test from 'node:test'
import type { IPAddressPool, L2Advertisement, Namespace } from '../../src/api/index.ts'
import { type Configuration, locate, readConfiguration, whyForbidden } from '../../src/config/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { fc } from '../fast-check.ts'
import { advertisement, namespace, pool } from './objects.ts'

function read(
  pools: IPAddressPool[],
  { advertisements = [] as L2Advertisement[], namespaces = [] as Namespace[] } = {},
): Configuration {
  return readConfiguration({ pools, advertisements, namespaces, reserved: [] })
}

function refusals(configuration: Configuration): string[] {
  return configuration.refusals.map(
    ({ object, reason, message }) => `${object.kind} ${object.name}: ${reason}: ${message}`,
  )
}

function addresses(...texts: string[]) {
  return texts.map(addressOf)
}

test('a bad pool is refused with its reason, and the others go on', () => {
  const cases: [IPAddressPool, RegExp][] = [
    [pool('bad', ['garbage']), /InvalidAddresses: "garbage" is neither a network nor a range/],
    [pool('bad', []), /InvalidAddresses: the pool has no addresses/],
    [pool('bad', ['192.0.2.7']), /InvalidAddresses: .*write "192.0.2.7\/32"/],
    [pool('bad', ['fd00::9-fd00::1']), /InvalidAddresses: the range "fd00::9-fd00::1" begins after its end/],
    [
      pool('bad', ['192.0.2.0/24', 'fd00::/64', '192.0.2.255-192.0.3.1']),
      /InvalidAddresses: 192.0.2.255-192.0.3.1 overlaps with already defined CIDR 192.0.2.0-192.0.2.255/,
    ],
    [
      pool('bad', ['192.0.2.0/24'], { serviceAllocation: { namespaces: ['a', 'b', 'a'] } }),
      /InvalidServiceAllocation: spec.serviceAllocation.namespaces: "a" stands twice/,
    ],
    [
      pool('bad', ['192.0.2.0/24'], {
        serviceAllocation: { serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }] },
      }),
      /InvalidServiceAllocation: spec.serviceAllocation.serviceSelectors: "Like" is not an operator/,
    ],
    [
      pool('bad', ['192.0.2.0/24'], { serviceAllocation: { namespaceSelectors: [{}, {}] } }),
      /InvalidServiceAllocation: .*namespaceSelectors: a selector stands twice/,
    ],
  ]
  for (const [bad, expected] of cases) {
    const configuration = read([bad, pool('good', ['10.0.0.0/24'])])
    assert.deepEqual([...configuration.pools.keys()], ['good'])
    assert.deepEqual([...configuration.refusedPools.keys()], ['bad'])
    assert.equal(configuration.refusals.length, 1)
    assert.match(refusals(configuration)[0] ?? '', expected)
  }
})

test('of two overlapping pools the older stays and the later is refused as a whole', () => {
  const configuration = read([
    pool('a-later', ['10.1.0.0/24', '10.0.0.200-10.0.1.3'], { age: 1 }),
    pool('b-older', ['10.0.0.0/24'], { age: 2 }),
  ])
  assert.deepEqual([...configuration.pools.keys()], ['b-older'])
  assert.deepEqual(refusals(configuration), [
    'IPAddressPool a-later: OverlappingPool: 10.0.0.200-10.0.0.255 overlaps with already defined CIDR of pool ' +
      '"b-older", which is older; remove it from one of them',
  ])
})

test('of two overlapping pools of the same second the first by name stays', () => {
  const configuration = read([pool('b', ['10.0.0.0/24']), pool('a', ['10.0.0.0/25'])])
  assert.deepEqual([...configuration.pools.keys()], ['a'])
})

test('what overlaps only a refused pool is accepted', () => {
  const configuration = read([
    pool('first', ['10.0.0.0/24'], { age: 3 }),
    pool('second', ['10.0.0.0/23'], { age: 2 }),
    pool('third', ['10.0.1.0/24'], { age: 1 }),
  ])
  assert.deepEqual([...configuration.pools.keys()], ['first', 'third'])
})

test('the order in which objects arrive has no say', () => {
  const objects = [
    pool('a', ['10.0.0.0/24'], { age: 1 }),
    pool('b', ['10.0.0.128/25', '10.2.0.0/24'], { age: 2 }),
    pool('c', ['10.2.0.0/16']),
    pool('d', ['nothing']),
  ]
  const expected = read(objects)
  fc.assert(
    fc.property(fc.shuffledSubarray(objects, { minLength: objects.length }), (shuffled) => {
      assert.deepEqual(read(shuffled), expected)
    }),
    { numRuns: 50 },
  )
})

test('absent fields have the defaults of the schema', () => {
  const only = read([pool('p', ['10.0.0.0/24'])]).pools.get('p')
  assert.ok(only)
  assert.deepEqual([only.autoAssign, only.avoidBuggyIPs, only.allocation], [true, false, null])
})

test('a pool is for Services in one of its namespaces and with one of its labels', () => {
  const namespaces = [namespace('blue', { team: 'b' }), namespace('green', { team: 'g' }), namespace('plain')]
  const reason = (
    serviceAllocation: IPAddressPool['spec']['serviceAllocation'],
    from: string,
    labels = {},
  ) => {
    const only = read([pool('p', ['10.0.0.0/24'], { serviceAllocation: serviceAllocation ?? {} })], {
      namespaces,
    }).pools.get('p')
    assert.ok(only)
    return whyForbidden(only, { namespace: from, labels })
  }
  const web = { matchLabels: { app: 'web' } }
  assert.equal(reason({}, 'plain'), null)
  assert.equal(reason({ priority: 5 }, 'plain'), null)
  assert.equal(reason({ namespaces: ['blue'] }, 'blue'), null)
  assert.equal(reason({ namespaces: ['blue'] }, 'green'), 'namespace')
  const greens = [{ matchLabels: { team: 'g' } }]
  assert.equal(reason({ namespaces: ['blue'], namespaceSelectors: greens }, 'green'), null)
  assert.equal(reason({ namespaces: ['blue'], namespaceSelectors: greens }, 'plain'), 'namespace')
  assert.equal(reason({ serviceSelectors: [web] }, 'plain', { app: 'web' }), null)
  assert.equal(reason({ serviceSelectors: [web] }, 'plain', { app: 'db' }), 'labels')
  assert.equal(
    reason({ serviceSelectors: [{ matchLabels: { x: 'y' } }, web] }, 'plain', { app: 'web' }),
    null,
  )
  assert.equal(reason({ namespaces: ['blue'], serviceSelectors: [web] }, 'blue', { app: 'db' }), 'labels')
  assert.equal(
    reason({ namespaces: ['blue'], serviceSelectors: [web] }, 'green', { app: 'web' }),
    'namespace',
  )
})

test('a pool whose namespace selectors match no namespace is for none, not for all', () => {
  const only = read([
    pool('p', ['10.0.0.0/24'], {
      serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'x' } }] },
    }),
  ]).pools.get('p')
  assert.ok(only)
  assert.equal(whyForbidden(only, { namespace: 'default', labels: {} }), 'namespace')
})

test('a bad advertisement is refused with its reason, and the others go on', () => {
  const cases: [L2Advertisement['spec'], RegExp][] = [
    [{ ipAddressPools: ['a', 'a'] }, /spec.ipAddressPools: "a" stands twice/],
    [{ nodeSelectors: [{ matchLabels: { 'a b': 'c' } }] }, /spec.nodeSelectors: "a b" is not a label name/],
    [{ serviceSelectors: [{ matchLabels: { a: 'no blanks' } }] }, /"no blanks" is not a label value/],
    [
      { ipAddressPoolSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
      /spec.ipAddressPoolSelectors: In of "a" needs at least one value/,
    ],
    [
      {
        preferredNodeSelectors: [
          { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
        ],
      },
      /spec.preferredNodeSelectors: Exists of "a" needs no values/,
    ],
    [
      { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'b'] }] }] },
      /a value of "a" stands twice/,
    ],
  ]
  for (const [spec, expected] of cases) {
    const configuration = read([], { advertisements: [advertisement('bad', spec), advertisement('good')] })
    assert.deepEqual(
      configuration.advertisements.map(({ name }) => name),
      ['good'],
    )
    assert.match(refusals(configuration)[0] ?? '', expected)
  }
})

test('addresses belong to the accepted pool that has them all', () => {
  const configuration = read([pool('a', ['10.0.0.0/24', 'fd00::/64']), pool('b', ['10.0.1.0/24'])])
  const kind = (...texts: string[]): string => {
    const location = locate(configuration, addresses(...texts), null)
    return location.kind === 'pool' ? location.pool.name : location.kind
  }
  assert.equal(kind('10.0.0.5'), 'a')
  assert.equal(kind('10.0.0.5', 'fd00::5'), 'a')
  assert.equal(kind('10.0.1.5'), 'b')
  assert.equal(kind('10.0.1.5', 'fd00::5'), 'none')
  assert.equal(kind('10.0.2.5'), 'none')
})

test('addresses of a pool that is refused belong to it still', () => {
  const spoilt = read([pool('spoilt', ['10.0.0.0/24', 'garbage']), pool('other', ['10.9.0.0/24'])])
  assert.equal(locate(spoilt, addresses('10.0.0.5'), null).kind, 'refusedPool')
  const slip = read([pool('slip', ['garbage']), pool('other', ['10.9.0.0/24'])])
  assert.equal(locate(slip, addresses('10.0.0.5'), 'slip').kind, 'refusedPool', 'by the annotation')
  assert.equal(locate(slip, addresses('10.0.0.5'), 'other').kind, 'none')
})

test('without any accepted pool nothing is said against an address', () => {
  const location = locate(read([]), addresses('10.0.0.5'), 'gone')
  assert.deepEqual(location, { kind: 'unknown', pool: { name: 'gone', labels: {} } })
})
