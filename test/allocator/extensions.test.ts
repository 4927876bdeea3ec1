// What MetalLB has not: exclusions, reservations, draining, rest, conditions.
import assert from 'node:assert/strict'
import test from 'node:test'
import { advance, poolReports } from '../../src/allocator/index.ts'
import type { Reservation } from '../../src/config/index.ts'
import { parseRange } from '../../src/ip/index.ts'
import { pool } from '../config/objects.ts'
import { Cluster, asks, assigned, both, service } from './cluster.ts'

function reserve(owner: string, entry: string): Reservation {
  const parsed = parseRange(entry)
  assert.ok('range' in parsed, entry)
  return { range: parsed.range, owner }
}

function conditions(cluster: Cluster, name: string): string[] {
  const report = poolReports(cluster.state).get(name)
  return (report?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`)
}

test('excluded addresses are given to nobody, whoever asks, wherever in the pool they lie (metallb#674)', () => {
  const cases = [
    [['10.0.0.0/32'], '10.0.0.1'],
    [['10.0.0.0/31', '10.0.0.2-10.0.0.2'], '10.0.0.3'],
    [['10.0.0.1/32'], '10.0.0.0'],
    [['10.0.0.2/31', '10.0.0.0/31'], null],
    [['10.9.0.0/16', 'fd00::/64'], '10.0.0.0'], // not of the pool: of no effect
  ] as const
  for (const [excludeAddresses, expected] of cases) {
    const cluster = new Cluster([pool('lan', ['10.0.0.0/30'], { excludeAddresses: [...excludeAddresses] })])
    cluster.apply(service('web'))
    assert.equal(cluster.shows('web'), expected === null ? '-' : `${expected}@lan`, excludeAddresses.join())
  }
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'], { excludeAddresses: ['10.0.0.7/32'] })])
  cluster.apply(service('web', asks('loadBalancerIPs', '10.0.0.7')))
  assert.match(
    cluster.condition('web'),
    /^False AddressExcluded: "10.0.0.7" is in excludeAddresses of pool "lan"/,
  )
})

test('who has an address that is excluded later keeps it, and the condition says so', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])], [service('web')])
  cluster.configure([pool('lan', ['10.0.0.0/24'], { excludeAddresses: ['10.0.0.0/28'] })])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  assert.match(cluster.condition('web'), /^True AddressExcluded: it keeps "10.0.0.0"/)
  cluster.configure([pool('lan', ['10.0.0.0/24'])])
  assert.match(cluster.condition('web'), /^True Allocated/)
  assert.equal(cluster.writes, 1)
})

test('an exclusion that cannot be read refuses its pool, and says which', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'], { excludeAddresses: ['10.0.0.7'] })])
  const [condition] = poolReports(cluster.state).get('lan')?.conditions ?? []
  assert.match(condition?.message ?? '', /excludeAddresses: .*"10.0.0.7" is a single address/)
  assert.deepEqual([condition?.type, condition?.status], ['Accepted', 'False'])
})

test('addresses of nodes and Service networks are skipped one by one, and the pool warns', () => {
  const reserved = [reserve('Node worker-1', '10.0.0.0/32'), reserve('ServiceCIDR kubernetes', '10.0.0.2/31')]
  const cluster = new Cluster([pool('lan', ['10.0.0.0/29'])], [], { reserved })
  for (const name of ['a', 'b']) cluster.apply(service(name))
  assert.deepEqual([cluster.shows('a'), cluster.shows('b')], ['10.0.0.1@lan', '10.0.0.4@lan'])
  cluster.apply(service('c', asks('loadBalancerIPs', '10.0.0.3')))
  assert.match(cluster.condition('c'), /^False AddressReserved: "10.0.0.3" .*ServiceCIDR kubernetes/)
  assert.ok(conditions(cluster, 'lan').includes('AddressesSkipped True UsedByCluster'))
})

test('addresses of nodes that are excluded already are no reason to warn', () => {
  const reserved = [reserve('Node worker-1', '10.0.0.0/32'), reserve('ServiceCIDR kubernetes', '10.0.0.4/30')]
  const excluding = (...excludeAddresses: string[]): string[] => {
    const cluster = new Cluster([pool('lan', ['10.0.0.0/29'], { excludeAddresses })], [], { reserved })
    return conditions(cluster, 'lan').filter((condition) => condition.startsWith('AddressesSkipped'))
  }
  assert.deepEqual(excluding('10.0.0.0/32', '10.0.0.4/30'), [])
  assert.deepEqual(excluding('10.0.0.0/32', '10.0.0.4/31'), ['AddressesSkipped True UsedByCluster'])
})

test('a node that appears with the address of a Service takes it from nobody', () => {
  const lan = pool('lan', ['10.0.0.0/24'])
  const cluster = new Cluster([lan], [service('web')])
  cluster.configure([lan], [], [reserve('Node worker-9', '10.0.0.0/32')])
  assert.equal(cluster.shows('web'), '10.0.0.0@lan')
  assert.match(cluster.condition('web'), /^True AddressReserved: .*Node worker-9/)
  cluster.delete('web')
  cluster.apply(service('next'))
  assert.equal(cluster.shows('next'), '10.0.0.1@lan', 'nor is it given again')
})

test('a draining pool keeps what it gave and gives nothing more', () => {
  const lan = (drain: boolean) => pool('lan', ['10.0.0.0/24', 'fd00::/64'], { drain })
  const cluster = new Cluster([lan(false), pool('other', ['10.9.0.0/24'])], [service('web')])
  cluster.configure([lan(true), pool('other', ['10.9.0.0/24'])])
  for (const [name, spec] of [
    ['new', {}],
    ['named', asks('address-pool', 'lan')],
    ['exact', asks('loadBalancerIPs', '10.0.0.9')],
  ] as const) {
    cluster.apply(service(name, spec))
  }
  assert.deepEqual(
    ['web', 'new', 'named', 'exact'].map((name) => cluster.shows(name)),
    ['10.0.0.0@lan', '10.9.0.0@other', '-', '-'],
  )
  assert.match(cluster.condition('named'), /^False PoolDraining/)
  assert.match(cluster.condition('exact'), /^False PoolDraining/)
  assert.ok(conditions(cluster, 'lan').includes('Accepted True Draining'))
  cluster.configure([lan(false), pool('other', ['10.9.0.0/24'])])
  assert.deepEqual(
    ['web', 'new', 'exact'].map((name) => cluster.shows(name)),
    ['10.0.0.0@lan', '10.9.0.0@other', '10.0.0.9@lan'],
  )
})

test('an address given up is taken last for five minutes, and never a reason to refuse (metallb#778)', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0-10.0.0.2'])], [service('a'), service('b')])
  cluster.delete('a')
  cluster.apply(service('c'))
  assert.equal(cluster.shows('c'), '10.0.0.2@lan', 'not the one that a had')
  cluster.apply(service('d'))
  assert.equal(cluster.shows('d'), '10.0.0.0@lan', 'for want of another')
  cluster.delete('b')
  cluster.delete('c')
  advance(cluster.state, 5 * 60_000)
  cluster.apply(service('e'))
  assert.equal(cluster.shows('e'), '10.0.0.1@lan', 'after five minutes it is as good as any')
})

test('an address that rests goes first to the Service that gave it up, made anew', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/29'])], [service('a'), service('b')])
  cluster.delete('a')
  cluster.delete('b')
  cluster.configure([pool('new', ['10.0.0.0/28'])])
  for (const name of ['other', 'b', 'a']) cluster.apply(service(name))
  assert.deepEqual(
    ['other', 'b', 'a'].map((name) => cluster.shows(name)),
    ['10.0.0.2@new', '10.0.0.1@new', '10.0.0.0@new'],
  )
})

test('an address that has rested is found again behind ranges that were full', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/32', '10.0.1.0/31'])], [service('a'), service('b')])
  cluster.delete('a')
  advance(cluster.state, 5 * 60_000)
  cluster.apply(service('c'))
  assert.equal(cluster.shows('c'), '10.0.0.0@lan')
})

test('of several that rest the one that has rested longest is taken', () => {
  const cluster = new Cluster(
    [pool('lan', ['10.0.0.0-10.0.0.2'])],
    ['a', 'b', 'c'].map((name) => service(name)),
  )
  for (const [name, now] of [
    ['b', 1_000],
    ['c', 2_000],
    ['a', 3_000],
  ] as const) {
    advance(cluster.state, now)
    cluster.delete(name)
  }
  for (const name of ['x', 'y', 'z']) cluster.apply(service(name))
  assert.deepEqual(
    ['x', 'y', 'z'].map((name) => cluster.shows(name)),
    ['10.0.0.1@lan', '10.0.0.2@lan', '10.0.0.0@lan'],
  )
})

test('rest survives an edit of the pool', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/30'])], [service('a')])
  cluster.delete('a')
  cluster.configure([pool('new', ['10.0.0.0/29'])])
  cluster.apply(service('b'))
  assert.equal(cluster.shows('b'), '10.0.0.1@new')
})

test('a condition says what a Service has or lacks, and is written only when it changes', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])])
  cluster.apply(service('web'))
  assert.equal(cluster.condition('web'), 'True Allocated: it has "10.0.0.0" of pool "lan"')
  cluster.apply(service('web', both))
  assert.match(
    cluster.condition('web'),
    /^True SecondFamilyUnavailable: it keeps "10.0.0.0": no available IPs/,
  )
  cluster.apply(service('web', asks('address-pool', 'nowhere')))
  assert.equal(cluster.condition('web'), 'True UnknownPool: it keeps "10.0.0.0": unknown pool "nowhere"')
  cluster.apply(service('new', asks('address-pool', 'nowhere')))
  assert.equal(cluster.condition('new'), 'False UnknownPool: unknown pool "nowhere"')
  const before = cluster.explanations + cluster.writes
  for (const key of ['default/web', 'default/new']) assert.equal(cluster.reconcile(key).write, 'none')
  assert.equal(cluster.explanations + cluster.writes, before)
  cluster.apply(service('web', { type: 'ClusterIP' }))
  assert.deepEqual([cluster.shows('web'), cluster.condition('web')], ['-', '-'])
})

test('a condition that somebody changed is set right without a new event', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])], [assigned('web', ['10.0.0.4'], 'lan')])
  const events = cluster.events.length
  const object = cluster.services.get('default/web')
  cluster.services.set('default/web', { ...object, status: { ...object?.status, conditions: [] } })
  assert.equal(cluster.reconcile('default/web').write, 'explain')
  assert.match(cluster.condition('web'), /^True Allocated/)
  assert.equal(cluster.events.length, events)
})

test('a pool near its end says so by family, and one that is refused says why', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0-10.0.0.9', 'fd00::/64']), pool('bad', ['x'])])
  assert.deepEqual(conditions(cluster, 'lan'), [
    'Accepted True Accepted',
    'NearlyExhausted False EnoughAddresses',
  ])
  assert.deepEqual(conditions(cluster, 'bad'), ['Accepted False InvalidAddresses'])
  for (let count = 0; count < 9; count++) cluster.apply(service(`s${count}`))
  assert.deepEqual(conditions(cluster, 'lan')[1], 'NearlyExhausted False EnoughAddresses', 'a tenth is left')
  cluster.apply(service('last'))
  assert.deepEqual(conditions(cluster, 'lan')[1], 'NearlyExhausted True Exhausted')
})

test('a large pool of IPv6 is not near its end', () => {
  const cluster = new Cluster([pool('large', ['fd00::/48'])], [service('web', { families: ['IPv6'] })])
  assert.equal(conditions(cluster, 'large')[1], 'NearlyExhausted False EnoughAddresses')
})
