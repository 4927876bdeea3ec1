// Random pools, Services and edits; what must hold after each step is computed anew from the objects alone.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { IPAddressPool, Service } from '../../src/api/index.ts'
import { poolUsage } from '../../src/allocator/index.ts'
import { avoids, locate, whyForbidden } from '../../src/config/index.ts'
import { type Address, parseAddress } from '../../src/ip/index.ts'
import { pool } from '../config/objects.ts'
import { Cluster, type ServiceSpec, configurationOf, service } from './cluster.ts'

const RUNS = 150
const STEPS = 25

const entries = ['10.0.0.254-10.0.1.1', '10.0.1.0/30', '10.0.2.0/31', 'fd00::/126', 'fd00::4/127', 'garbage']
const anyPool = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  addresses: fc.uniqueArray(fc.constantFrom(...entries), { minLength: 1, maxLength: 2 }),
  age: fc.nat(2),
  autoAssign: fc.boolean(),
  avoidBuggyIPs: fc.boolean(),
  labelled: fc.boolean(),
})
const anyPools = fc.uniqueArray(anyPool, { selector: ({ name }) => name, maxLength: 3 }).map((pools) =>
  pools.map(({ name, addresses, labelled, ...rest }) =>
    pool(name, addresses, {
      ...rest,
      ...(labelled && { serviceAllocation: { serviceSelectors: [{ matchLabels: { app: 'x' } }] } }),
    }),
  ),
)

const anyAnnotations = fc.record<Record<string, string>>(
  {
    'metallb.io/address-pool': fc.constantFrom('a', 'b', 'nowhere'),
    'metallb.io/loadBalancerIPs': fc.constantFrom(
      '10.0.1.1',
      '10.0.2.0',
      'fd00::1',
      '10.0.1.1,fd00::1',
      'bad',
    ),
    'metallb.io/allow-shared-ip': fc.constantFrom('k', 'l'),
  },
  { requiredKeys: [] },
)
const NAMES = ['s0', 's1', 's2', 's3', 's4', 's5']
const anyService = fc
  .record({
    name: fc.constantFrom(...NAMES),
    families: fc.constantFrom<('IPv4' | 'IPv6')[]>(['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4']),
    policy: fc.constantFrom('PreferDualStack', 'RequireDualStack'),
    annotations: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Record<string, string>>({}) },
      { weight: 3, arbitrary: anyAnnotations },
    ),
    labels: fc.constantFrom<Record<string, string>>({}, { app: 'x' }),
    ports: fc.constantFrom<string[]>(['TCP/1'], ['TCP/2'], ['TCP/1', 'TCP/2'], ['UDP/1']),
    local: fc.constantFrom<Record<string, string> | undefined>(undefined, { app: 'one' }),
    type: fc.constantFrom('LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'ClusterIP'),
  })
  .map(({ name, local, policy, ...rest }) => {
    const single = rest.families.length < 2
    const spec: ServiceSpec = { ...rest, policy: single ? 'SingleStack' : policy, age: NAMES.indexOf(name) }
    return service(name, local === undefined ? spec : { ...spec, local })
  })

type Step = { apply: Service } | { delete: string } | { configure: IPAddressPool[] }
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: anyService.map((object) => ({ apply: object })) },
  { weight: 3, arbitrary: fc.constantFrom(...NAMES).map((name) => ({ delete: name })) },
  { weight: 1, arbitrary: anyPools.map((pools) => ({ configure: pools })) },
)

function addressesOf(object: Service): Address[] {
  return (object.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => parseAddress(ip ?? '') ?? [])
}

function annotation(object: Service, name: string): string | undefined {
  return object.metadata?.annotations?.[`metallb.io/${name}`]
}

/** Written down once more, the slow way. */
function mayShare(a: Service, b: Service): boolean {
  const key = annotation(a, 'allow-shared-ip')
  const ports = (object: Service): string[] =>
    (object.spec?.ports ?? []).map(({ protocol, port }) => `${protocol}${port}`)
  const backend = (object: Service): string =>
    object.spec?.externalTrafficPolicy === 'Local' ? JSON.stringify(object.spec.selector) : ''
  return (
    key !== undefined &&
    key === annotation(b, 'allow-shared-ip') &&
    backend(a) === backend(b) &&
    ports(a).every((port) => !ports(b).includes(port))
  )
}

function checkNoWrongSharing({ services, state }: Cluster): void {
  if (state.configuration.pools.size === 0) return // nothing is taken from anybody then
  const users = new Map<string, Service[]>()
  for (const object of services.values()) {
    for (const { family, value } of addressesOf(object)) {
      const id = `${family} ${value}`
      for (const other of users.get(id) ?? []) {
        const names = `${object.metadata?.name} and ${other.metadata?.name}`
        assert.ok(mayShare(object, other), `${names} share ${id} and must not`)
      }
      users.set(id, [...(users.get(id) ?? []), object])
    }
  }
}

function checkPermitted({ services, state }: Cluster): void {
  for (const object of services.values()) {
    const addresses = addressesOf(object)
    const { name = '', labels = {} } = object.metadata ?? {}
    if (addresses.length === 0) continue
    assert.equal(object.spec?.type, 'LoadBalancer', name)
    const recorded = annotation(object, 'ip-allocated-from-pool') ?? null
    const location = locate(state.configuration, addresses, recorded)
    assert.notEqual(location.kind, 'none', `${name} has an address of no pool`)
    if (location.kind !== 'pool') continue
    assert.equal(location.pool.name, recorded)
    assert.equal(whyForbidden(location.pool, { namespace: 'default', labels }), null, name)
    assert.ok(!addresses.some((address) => avoids(location.pool, address)), name)
  }
}

function checkUsage({ services, state }: Cluster): void {
  for (const [name, usage] of poolUsage(state)) {
    const owner = state.configuration.pools.get(name)
    assert.ok(owner)
    const used = [...services.values()]
      .flatMap(addressesOf)
      .filter((address) => owner.addresses.contains(address) && !avoids(owner, address))
    for (const family of ['IPv4', 'IPv6'] as const) {
      const distinct = new Set(used.filter((address) => address.family === family).map(({ value }) => value))
      let total = 0n
      for (const range of owner.ranges.filter((range) => range.family === family)) {
        for (let value = range.first; value <= range.last; value++)
          if (!avoids(owner, { family, value })) total++
      }
      const { inUse, available } = usage[family]
      assert.deepEqual([usage[family].total, inUse, available], [total, BigInt(distinct.size), total - inUse])
    }
  }
}

function shown({ services }: Cluster): Map<string, string> {
  return new Map(
    [...services.values()].map((object) => [
      object.metadata?.name ?? '',
      String(addressesOf(object).map(({ value }) => value)),
    ]),
  )
}

/** A controller that starts now finds everything in order, and has nothing to do. */
function checkRestart(cluster: Cluster, pools: IPAddressPool[]): void {
  const restarted = new Cluster(pools, [...cluster.services.values()])
  assert.deepEqual(shown(restarted), shown(cluster))
  assert.equal(restarted.writes, 0)
}

test('whatever happens, no Service loses, shares or receives an address against the rules', () => {
  fc.assert(
    fc.property(anyPools, fc.array(anyStep, { maxLength: STEPS, size: 'max' }), (firstPools, steps) => {
      let pools = firstPools
      const cluster = new Cluster(pools)
      for (const step of steps) {
        const before = shown(cluster)
        const unsatisfied = new Set([...cluster.state.refused.all].map(({ request }) => request.service))
        let touched: string | undefined
        if ('apply' in step) {
          touched = step.apply.metadata?.name
          cluster.apply(step.apply)
        } else if ('delete' in step) {
          touched = step.delete
          cluster.delete(step.delete)
        } else {
          pools = step.configure
          cluster.configure(pools)
        }
        checkNoWrongSharing(cluster)
        checkPermitted(cluster)
        checkUsage(cluster)
        checkRestart(cluster, pools)
        if ('configure' in step) continue
        for (const [name, addresses] of shown(cluster)) {
          if (name === touched || unsatisfied.has(`default/${name}`)) continue
          assert.equal(addresses, before.get(name), `${name} was satisfied and moved`)
        }
      }
    }),
    { numRuns: RUNS },
  )
})

test('the same objects give the same decisions in whatever order they are read', () => {
  fc.assert(
    fc.property(
      anyPools,
      fc.uniqueArray(anyService, { selector: ({ metadata }) => metadata?.name }),
      (pools, services) => {
        const first = new Cluster(pools, services)
        const second = new Cluster(pools.toReversed(), services.toReversed())
        for (const name of NAMES) assert.equal(first.shows(name), second.shows(name))
        assert.deepEqual(configurationOf(pools), configurationOf(pools.toReversed()))
      },
    ),
    { numRuns: RUNS },
  )
})
