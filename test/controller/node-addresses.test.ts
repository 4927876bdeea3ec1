import assert from 'node:assert/strict'
import test from 'node:test'
import type { Node } from '../../src/api/index.ts'
import { sameNodeAddresses } from '../../src/controller/node-addresses.ts'

function node(...addresses: [type: string, address: string][]): Node {
  return {
    metadata: { name: 'worker-1' },
    status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
  }
}

test('a heartbeat is no change of a node’s addresses', () => {
  const before = node(['InternalIP', '192.0.2.11'])
  const beat = { ...before, metadata: { name: 'worker-1', resourceVersion: '2' } }
  assert.ok(sameNodeAddresses(beat, before))
  assert.ok(!sameNodeAddresses(node(['InternalIP', '192.0.2.12']), before))
  assert.ok(!sameNodeAddresses(before, undefined))
})
