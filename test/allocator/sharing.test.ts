import assert from 'node:assert/strict'
import test from 'node:test'
import { pool } from '../config/objects.ts'
import { Cluster, type ServiceSpec, service } from './cluster.ts'

/** A Service that asks for 10.0.0.5 with this sharing key. */
function sharer(name: string, key: string, spec: ServiceSpec = {}) {
  const annotations = { 'metallb.io/loadBalancerIPs': '10.0.0.5', 'metallb.io/allow-shared-ip': key }
  return service(name, { ...spec, annotations })
}

/** What the second gets when the first has 10.0.0.5. */
function second(first: ServiceSpec & { key: string }, other: ServiceSpec & { key: string }): string {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])])
  cluster.apply(sharer('first', first.key, first))
  const { refusal } = cluster.apply(sharer('second', other.key, other))
  assert.equal(cluster.shows('first'), '10.0.0.5@lan')
  if (refusal === null) return cluster.shows('second', other.namespace)
  return refusal.reason === 'AddressInUse' ? `${refusal.holder} ${refusal.obstacle.kind}` : refusal.reason
}

test('two Services share an address when keys are equal, ports differ and backends are the same', () => {
  const web = { key: 'k', ports: ['TCP/80'] }
  const dns = { key: 'k', ports: ['UDP/53', 'TCP/53'] }
  assert.equal(second(web, dns), '10.0.0.5@lan')
  assert.equal(second(web, { key: 'k', ports: ['UDP/80'] }), '10.0.0.5@lan', 'the protocol tells ports apart')
  assert.equal(second(web, { ...dns, namespace: 'other' }), '10.0.0.5@lan', 'across namespaces')
  assert.equal(second(web, web), 'default/first port')
  assert.equal(second(web, { ...dns, key: 'other' }), 'default/first key')
  assert.equal(second({ ...web, key: '' }, { ...dns, key: '' }), 'default/first key')
})

test('under externalTrafficPolicy Local only Services with the same selector share', () => {
  const local = (port: string, selector: Record<string, string>) => ({
    key: 'k',
    ports: [port],
    local: selector,
  })
  assert.equal(
    second(local('TCP/80', { a: '1', b: '2' }), local('TCP/81', { b: '2', a: '1' })),
    '10.0.0.5@lan',
  )
  assert.equal(second(local('TCP/80', { a: '1' }), local('TCP/81', { a: '2' })), 'default/first backend')
  assert.equal(second(local('TCP/80', { a: '1' }), { key: 'k', ports: ['TCP/81'] }), 'default/first backend')
})

test('without an explicit request the first acceptable address is taken, shared or free', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0-10.0.0.2'])])
  const annotations = { 'metallb.io/allow-shared-ip': 'k' }
  cluster.apply(service('a', { annotations, ports: ['TCP/1'] }))
  cluster.apply(service('b', { annotations, ports: ['TCP/2'] }))
  assert.equal(cluster.shows('b'), '10.0.0.0@lan', 'the shared one comes before the free ones')
  cluster.apply(service('plain', { ports: ['TCP/3'] }))
  cluster.apply(service('c', { annotations, ports: ['TCP/1'] }))
  assert.equal(cluster.shows('plain'), '10.0.0.1@lan')
  assert.equal(cluster.shows('c'), '10.0.0.2@lan', 'its port is taken on the shared one')
  cluster.apply(service('d', { annotations, ports: ['TCP/2'] }))
  assert.equal(cluster.shows('d'), '10.0.0.2@lan')
})

test('the only user of an address may change its key, and one of several is moved when it no longer fits', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.5-10.0.0.6'])])
  const keyed = (key: string) => ({ 'metallb.io/allow-shared-ip': key })
  cluster.apply(service('a', { annotations: keyed('k'), ports: ['TCP/1'] }))
  cluster.apply(service('a', { annotations: keyed('l'), ports: ['TCP/1'] }))
  assert.equal(cluster.shows('a'), '10.0.0.5@lan')
  cluster.apply(service('b', { annotations: keyed('l'), ports: ['TCP/2'] }))
  assert.equal(cluster.shows('b'), '10.0.0.5@lan')
  cluster.apply(service('b', { annotations: keyed('m'), ports: ['TCP/2'] }))
  assert.equal(cluster.shows('b'), '10.0.0.6@lan')
  assert.match(cluster.events.at(-2) ?? '', /^b ClearAssignment: .*can't change sharing key.*default\/a/)
})

test('a Service whose new port collides on a shared address is the one that goes', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.0/24'])])
  cluster.apply(sharer('a', 'k', { ports: ['TCP/80'] }))
  cluster.apply(sharer('b', 'k', { ports: ['TCP/81'] }))
  cluster.apply(sharer('b', 'k', { ports: ['TCP/81', 'TCP/80'] }))
  assert.equal(cluster.shows('a'), '10.0.0.5@lan')
  assert.equal(cluster.shows('b'), '-')
})

test('a Service that waits for a shared address gets it when its sibling changes to suit', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.5/32'])])
  cluster.apply(sharer('a', 'k', { local: { app: 'a' }, ports: ['TCP/80'] }))
  cluster.apply(sharer('b', 'k', { ports: ['TCP/81'] }))
  assert.equal(cluster.shows('b'), '-')
  cluster.apply(sharer('a', 'k', { ports: ['TCP/80'] }))
  assert.equal(cluster.shows('b'), '10.0.0.5@lan')
})

test('a shared address is free only when its last user goes', () => {
  const cluster = new Cluster([pool('lan', ['10.0.0.5/32'])])
  cluster.apply(sharer('a', 'k', { ports: ['TCP/80'] }))
  cluster.apply(sharer('b', 'k', { ports: ['TCP/81'] }))
  cluster.apply(service('waits'))
  cluster.delete('a')
  assert.equal(cluster.shows('waits'), '-')
  cluster.delete('b')
  assert.equal(cluster.shows('waits'), '10.0.0.5@lan')
})
