import assert from 'node:assert/strict'
import test from 'node:test'
import type { KubeObject } from '../../src/api/index.ts'
import { IP_ADDRESS_POOLS, NODES, SERVICES } from '../../src/kube/collections.ts'
import { isSameInput, keyOf, pathOf, splitKey } from '../../src/kube/resource.ts'

test('paths are those of the API', () => {
  for (const [path, expected] of [
    [pathOf(SERVICES), '/api/v1/services'],
    [pathOf(SERVICES, { namespace: 'a' }), '/api/v1/namespaces/a/services'],
    [pathOf(SERVICES, { namespace: 'a', name: 'b' }), '/api/v1/namespaces/a/services/b'],
    [
      pathOf(SERVICES, { namespace: 'a', name: 'b', subresource: 'status' }),
      '/api/v1/namespaces/a/services/b/status',
    ],
    [pathOf(NODES, { namespace: 'a', name: 'n' }), '/api/v1/nodes/n'],
    [
      pathOf(IP_ADDRESS_POOLS, { namespace: 'metallb-system' }),
      '/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools',
    ],
    [pathOf(NODES, { name: '../secrets?' }), '/api/v1/nodes/..%2Fsecrets%3F'],
  ]) {
    assert.equal(path, expected)
  }
})

test('a key can be split into what it was made of', () => {
  for (const metadata of [{ namespace: 'a', name: 'b' }, { name: 'n' }]) {
    const { namespace, name } = splitKey(keyOf({ metadata }))
    assert.deepEqual({ namespace, name }, { namespace: undefined, ...metadata })
  }
})

test('statuses and versions are no input; generation, labels and identity are', () => {
  const before: KubeObject = {
    metadata: { uid: 'u', generation: 1, resourceVersion: '1', labels: { a: 'b' } },
  }
  const other = (metadata: KubeObject['metadata']): KubeObject => ({
    metadata: { ...before.metadata, ...metadata },
  })
  assert.equal(isSameInput(other({ resourceVersion: '2' }), before), true)
  for (const change of [{ generation: 2 }, { labels: { a: 'c' } }, { uid: 'v' }]) {
    assert.equal(isSameInput(other(change), before), false, JSON.stringify(change))
  }
  assert.equal(isSameInput(before, undefined), false)
  assert.equal(isSameInput(undefined, before), false)
})
