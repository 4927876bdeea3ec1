// Whatever stands in a Service, its annotations and its status: it is decided, in bounded words, and the same again.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Service } from '../../src/api/index.ts'
import { createState, reconcileService } from '../../src/allocator/index.ts'
import { pool } from '../config/objects.ts'
import { fc } from '../fast-check.ts'
import { Cluster, configurationOf, service } from './cluster.ts'
import { carriedOut } from './service-objects.ts'

/** The API server refuses events with a longer message, and conditions with one 32 times as long. */
const LONGEST_MESSAGE = 1024

const LONG = '10.0.0.1,'.repeat(120_000)

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789af:.,/% -'.split('')), maxLength: 60 }),
  fc.constantFrom(
    '',
    ',',
    '10.0.0.1',
    'fd00::1',
    '10.0.0.1,fd00::1',
    ' 10.0.0.1 ',
    '::ffff:10.0.0.1',
    'lan',
    LONG,
    '\ud800',
  ),
)
const ANNOTATIONS = ['metallb.io', 'metallb.universe.tf'].flatMap((prefix) =>
  ['address-pool', 'loadBalancerIPs', 'allow-shared-ip', 'ip-allocated-from-pool'].map(
    (name) => `${prefix}/${name}`,
  ),
)
const anyService: fc.Arbitrary<Service> = fc
  .record({
    annotations: fc.dictionary(fc.constantFrom(...ANNOTATIONS), anyText),
    labels: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    clusterIPs: fc.array(fc.oneof(fc.constantFrom('10.96.0.1', 'fd00:96::1', 'None', ''), anyText), {
      maxLength: 3,
    }),
    policy: fc.oneof(fc.constantFrom('SingleStack', 'PreferDualStack', 'RequireDualStack'), anyText),
    loadBalancerIP: anyText,
    ingress: fc.array(fc.record({ ip: anyText, hostname: anyText, ipMode: anyText }, { requiredKeys: [] }), {
      maxLength: 3,
    }),
    selector: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    ports: fc.array(fc.record({ protocol: anyText, port: fc.integer() }), { maxLength: 3 }),
    conditions: fc.boolean(),
  })
  .map(({ annotations, labels, clusterIPs, policy, loadBalancerIP, ingress, selector, ports }) => ({
    metadata: {
      namespace: 'default',
      name: 'any',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations,
      labels,
    },
    spec: {
      type: 'LoadBalancer',
      clusterIPs,
      ipFamilyPolicy: policy,
      loadBalancerIP,
      selector,
      ports,
      externalTrafficPolicy: 'Local',
    },
    status: { loadBalancer: { ingress } },
  }))

test('whatever a Service says, it is decided in bearable words, and once written nothing is left to say', () => {
  const configuration = configurationOf([pool('lan', ['10.0.0.0/24', 'fd00::/64']), pool('bad', ['x'])])
  fc.assert(
    fc.property(anyService, (object) => {
      const state = createState(configuration, null)
      const decision = reconcileService(state, object)
      for (const { message } of [
        ...decision.events,
        ...(decision.finding === null ? [] : [decision.finding]),
      ]) {
        assert.ok(message.length <= LONGEST_MESSAGE, message)
      }
      if (decision.write === 'none') return
      const again = reconcileService(state, carriedOut(object, decision))
      assert.deepEqual([again.write, again.events], ['none', []])
    }),
    { numRuns: 5000 },
  )
})

test('a Service that 5,000 full pools cannot serve is told so in bearable words', () => {
  const pools = Array.from({ length: 5000 }, (_, index) =>
    pool(`a-pool-with-a-rather-long-name-${index}`, [`fd00::${index.toString(16)}/128`], {
      drain: index % 2 > 0,
    }),
  )
  const cluster = new Cluster(pools, [service('web')])
  assert.ok(cluster.condition('web').length <= LONGEST_MESSAGE)
  assert.match(
    cluster.condition('web'),
    /^False NoAddressAvailable.* and 2495 more; .* and 2495 more would do/,
  )
})
