import assert from 'node:assert/strict'
import test from 'node:test'
import { isTroubled, Store } from '../../src/page/store.ts'
import type { ServiceView } from '../../src/status/index.ts'

function service(name: string, view: Partial<ServiceView> = {}): ServiceView {
  return {
    namespace: 'a',
    name,
    state: 'Assigned',
    ips: ['10.0.0.1'],
    pool: 'lan',
    announcedBy: ['n'],
    ...view,
  }
}

function keys(store: Store): string[] {
  return store.sorted.map(({ key }) => key)
}

test('Services are in the order of their names, however they come, change and go', () => {
  const store = new Store()
  for (const name of ['c', 'a', 'b']) store.putService(service(name))
  assert.deepEqual(keys(store), ['a/a', 'a/b', 'a/c'])
  store.putService(service('b', { ips: ['10.0.0.9'] }))
  assert.deepEqual(store.sorted[1]?.view.ips, ['10.0.0.9'])
  store.dropService('a/a')
  store.dropService('a/none')
  assert.deepEqual(keys(store), ['a/b', 'a/c'])
})

test('a pool has the Services that have an address of it now', () => {
  const store = new Store()
  store.putService(service('x'))
  assert.deepEqual(
    [...store.ofPool('lan')].map(({ key }) => key),
    ['a/x'],
  )
  store.putService(service('x', { pool: 'wan' }))
  assert.deepEqual([...store.ofPool('lan')], [])
  assert.deepEqual(
    [...store.ofPool('wan')].map(({ addresses }) => addresses.length),
    [1],
  )
  store.dropService('a/x')
  assert.deepEqual([...store.ofPool('wan')], [])
})

test('a Service with an address that nobody announces, or whose holder complains, is in trouble', () => {
  assert.equal(isTroubled(service('x')), false)
  assert.equal(isTroubled(service('x', { announcedBy: [] })), true)
  const announcement = { status: 'False', reason: 'AddressConflict', message: 'why' }
  assert.equal(isTroubled(service('x', { announcement })), true)
  assert.equal(isTroubled(service('x', { state: 'Pending', announcedBy: [] })), false)
})

test('lists that come page by page stay sorted, also when one is put in between', () => {
  const store = new Store()
  for (const name of ['b', 'd', 'f']) store.putService(service(name))
  assert.deepEqual(keys(store), ['a/b', 'a/d', 'a/f'])
  store.putService(service('c'))
  store.putService(service('d', { ips: [] }))
  store.putService(service('g'))
  assert.deepEqual(keys(store), ['a/b', 'a/c', 'a/d', 'a/f', 'a/g'])
  assert.deepEqual(store.sorted[2]?.addresses, [])
  store.clear()
  assert.deepEqual(keys(store), [])
})
