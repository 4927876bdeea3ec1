import assert from 'node:assert/strict'
import test from 'node:test'
import { keptOfNode, keptOfPod } from '../../src/controller/kept.ts'

test('what is kept of a node tells its addresses and what speaks against it, and not its images', () => {
  const addresses = [{ type: 'InternalIP', address: '192.0.2.11' }]
  const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }]
  const offline = { type: 'NetworkUnavailable', status: 'True' }
  const kept = keptOfNode({
    metadata: { name: 'worker-1', labels: { rack: 'a' }, annotations: { long: 'text' } },
    spec: { taints, podCIDR: '10.0.0.0/24' },
    status: {
      addresses,
      images: [{ names: ['x'] }],
      conditions: [offline, { type: 'Ready', status: 'True' }],
    },
  })
  assert.deepEqual(kept, {
    metadata: { name: 'worker-1', labels: { rack: 'a' } },
    spec: { taints },
    status: { addresses, conditions: [offline] },
  })
})

test('what is kept of a pod tells where it runs, with which image and arguments, and whether it is Ready', () => {
  const ready = { type: 'Ready', status: 'True' }
  const kept = keptOfPod({
    metadata: { name: 'speaker-x', namespace: 'metallb-system', labels: { app: 'metallb' } },
    spec: {
      nodeName: 'worker-1',
      containers: [{ name: 'speaker', image: 'i:1', args: ['speaker'], env: [] }],
    },
    status: { conditions: [ready, { type: 'Initialized', status: 'True' }] },
  })
  assert.deepEqual(kept, {
    metadata: { name: 'speaker-x', namespace: 'metallb-system' },
    spec: { nodeName: 'worker-1', containers: [{ name: 'speaker', image: 'i:1', args: ['speaker'] }] },
    status: { conditions: [ready] },
  })
})
