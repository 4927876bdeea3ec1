import assert from 'node:assert/strict'
import test from 'node:test'
import { logFields } from '../../src/kube/log-fields.ts'

for (const [kind, key, fields] of [
  ['Service', 'default/web', { service: 'default/web' }],
  ['IPAddressPool', 'metallb-system/lan', { pool: 'lan' }],
  ['IPAddressPool', 'lan', { pool: 'lan' }],
  ['L2Advertisement', 'metallb-system/all', { advertisement: 'all' }],
  ['Node', 'node-1', { node: 'node-1' }],
  ['EndpointSlice', 'default/web-x', { kind: 'EndpointSlice', key: 'default/web-x' }],
] as const)
  test(`a line of the log about ${kind} ${key} says ${JSON.stringify(fields)}`, () => {
    assert.deepEqual(logFields(kind, key), fields)
  })
