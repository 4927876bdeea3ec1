import assert from 'node:assert/strict'
import test from 'node:test'
import { forget } from '../../src/allocator/index.ts'
import { pool } from '../config/objects.ts'
import { Cluster, type ServiceSpec, assigned, service } from './cluster.ts'

const keyed = (key: string, port: string, spec: ServiceSpec = {}): ServiceSpec => ({
  ...spec,
  annotations: { 'metallb.io/allow-shared-ip': key },
  ports: [port],
})

test('of those who wait for one address the oldest is woken, and the next when that one goes away', () => {
  const cluster = new Cluster([pool('one', ['10.0.0.1/32'])], [assigned('holder', ['10.0.0.1'], 'one')])
  for (const [name, age] of [
    ['old', 3],
    ['middle', 2],
    ['young', 1],
  ] as const) {
    cluster.apply(service(name, { age }))
  }
  assert.deepEqual(forget(cluster.state, 'default/holder'), ['default/old'])
  assert.deepEqual(forget(cluster.state, 'default/old'), ['default/middle'], 'deleted before its turn came')
  cluster.services.delete('default/old')
  cluster.apply(service('middle', { age: 2, type: 'ClusterIP' }))
  assert.equal(cluster.shows('young'), '10.0.0.1@one', 'changed before its turn came')
})

test('who takes an address under a sharing key opens it to others who wait with that key', () => {
  const cluster = new Cluster([pool('one', ['10.0.0.1/32'])], [assigned('holder', ['10.0.0.1'], 'one')])
  cluster.apply(service('plain', { age: 1 }))
  cluster.apply(service('a', keyed('k', 'TCP/1', { age: 3 })))
  cluster.apply(service('b', keyed('k', 'TCP/2', { age: 2 })))
  cluster.delete('holder')
  assert.deepEqual(
    ['a', 'b', 'plain'].map((name) => cluster.shows(name)),
    ['10.0.0.1@one', '10.0.0.1@one', '-'],
  )
})

test('a sharer that goes makes room for others with the key of those who stay', () => {
  const cluster = new Cluster([pool('one', ['10.0.0.1/32'])])
  cluster.apply(service('stays', keyed('k', 'TCP/1')))
  cluster.apply(service('goes', keyed('k', 'TCP/2')))
  cluster.apply(service('waits', keyed('k', 'TCP/2')))
  assert.equal(cluster.shows('waits'), '-')
  cluster.apply(service('goes', keyed('other', 'TCP/2')))
  assert.deepEqual(
    ['stays', 'goes', 'waits'].map((name) => cluster.shows(name)),
    ['10.0.0.1@one', '-', '10.0.0.1@one'],
  )
})
