import assert from 'node:assert/strict'
import test from 'node:test'
import { environmentOf, expand, ReferenceMissing, Unsupported } from '../../sandbox/kubelet/environment.ts'

const downward = {
  pod: {
    metadata: { name: 'web-1', namespace: 'shop', uid: 'u', labels: { app: 'web' } },
    spec: { nodeName: 'node-1', containers: [] },
  },
  podIPs: ['10.244.1.2', 'fd00::2'],
  hostIPs: ['172.25.254.11'],
}
const nothing = () => undefined

test('variables expand those before them, unknown ones stay, and $$ escapes', () => {
  assert.equal(expand('$(A)-$(B)-$$(A)', { A: 'x' }), 'x-$(B)-$(A)')
})

test('the downward API fills name, node and addresses', () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  const env = [
    field('NAME', 'metadata.name'),
    field('NODE', 'spec.nodeName'),
    field('IPS', 'status.podIPs'),
    field('HOST', 'status.hostIP'),
    field('APP', "metadata.labels['app']"),
    { name: 'ALL', value: '$(NAME)@$(NODE)' },
  ]
  assert.deepEqual(environmentOf({ name: 'c', env }, downward, nothing), {
    NAME: 'web-1',
    NODE: 'node-1',
    IPS: '10.244.1.2,fd00::2',
    HOST: '172.25.254.11',
    APP: 'web',
    ALL: 'web-1@node-1',
  })
})

test('a missing Secret makes the container wait, unless it is optional', () => {
  const from = (optional: boolean) => ({
    name: 'c',
    env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional } } }],
  })
  assert.throws(() => environmentOf(from(false), downward, nothing), ReferenceMissing)
  assert.deepEqual(environmentOf(from(true), downward, nothing), {})
})

test('what is not offered is said, not skipped', () => {
  const env = [{ name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }]
  assert.throws(() => environmentOf({ name: 'c', env }, downward, nothing), Unsupported)
})
