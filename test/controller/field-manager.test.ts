import assert from 'node:assert/strict'
import test from 'node:test'
import { foreignWriter } from '../../src/controller/field-manager.ts'

const INGRESS = { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } }

function entry(manager: string, time: string, fieldsV1: object) {
  return { manager, time, operation: 'Update', subresource: 'status', fieldsV1 }
}

test('the field manager that wrote the ingress last is named, other writers and we are not', () => {
  const managedFields = [
    entry('old', '2026-01-01T00:00:00Z', INGRESS),
    entry('kube-vip', '2026-01-03T00:00:00Z', INGRESS),
    entry('kubectl', '2026-01-04T00:00:00Z', { 'f:spec': {} }),
    entry('typemetal-controller', '2026-01-05T00:00:00Z', INGRESS),
  ]
  assert.equal(foreignWriter({ metadata: { managedFields } }), 'kube-vip')
})

test('nobody is named where nothing is recorded', () => {
  assert.equal(foreignWriter({}), null)
  assert.equal(foreignWriter({ metadata: { managedFields: [entry('x', '', {})] } }), null)
})
