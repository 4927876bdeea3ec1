import assert from 'node:assert/strict'
import test from 'node:test'
import type { Service } from '../../src/api/index.ts'
import { servicePatch } from '../../src/controller/service-patch.ts'

const NOW = '2026-01-02T03:04:05Z'
const BEFORE = '2025-01-01T00:00:00Z'
const GRANTED = { status: 'True', reason: 'Allocated', message: 'it has 192.0.2.1' } as const
const REFUSED = { status: 'False', reason: 'PoolExhausted', message: 'full' } as const

const SERVICE: Service = {
  metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '7' },
  status: {
    conditions: [
      {
        type: 'typemetal.io/Allocated',
        status: 'False',
        reason: 'x',
        message: 'y',
        lastTransitionTime: BEFORE,
      },
      { type: 'other', status: 'True', reason: 'x', message: 'y', lastTransitionTime: BEFORE },
    ],
  },
}
const ADDRESSES = [{ family: 'IPv4', value: 0xc0000201n }] as const

test('addresses, pool and condition are one forced apply of the object as it was read', () => {
  const decision = { write: 'assign', addresses: ADDRESSES, pool: 'lan', finding: GRANTED } as const
  assert.deepEqual(servicePatch(SERVICE, decision, NOW), {
    method: 'PATCH',
    path: '/api/v1/namespaces/default/services/web/status',
    query: { fieldManager: 'typemetal-controller', force: true },
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'default',
        name: 'web',
        uid: 'u',
        resourceVersion: '7',
        annotations: { 'metallb.io/ip-allocated-from-pool': 'lan' },
      },
      status: {
        loadBalancer: { ingress: [{ ip: '192.0.2.1' }] },
        conditions: [{ type: 'typemetal.io/Allocated', ...GRANTED, lastTransitionTime: NOW }],
      },
    },
  })
})

test('a condition alone touches neither addresses nor annotation, and keeps its time while its status stays', () => {
  const decision = { write: 'explain', addresses: ADDRESSES, pool: 'lan', finding: REFUSED } as const
  const { contentType, body } = servicePatch(SERVICE, decision, NOW)
  assert.equal(contentType, 'application/strategic-merge-patch+json')
  assert.deepEqual(body, {
    metadata: { uid: 'u', resourceVersion: '7' },
    status: {
      conditions: [{ type: 'typemetal.io/Allocated', ...REFUSED, lastTransitionTime: BEFORE }],
    },
  })
})

test('a release empties the ingress, removes the annotation and, without a reason, our condition', () => {
  const decision = { write: 'release', addresses: [], pool: null, finding: null } as const
  assert.deepEqual(servicePatch(SERVICE, decision, NOW).body, {
    metadata: {
      uid: 'u',
      resourceVersion: '7',
      annotations: { 'metallb.io/ip-allocated-from-pool': null },
    },
    status: {
      loadBalancer: { ingress: null },
      conditions: [{ $patch: 'delete', type: 'typemetal.io/Allocated' }],
    },
  })
})
