import assert from 'node:assert/strict'
import test from 'node:test'
import { pino } from 'pino'
import type { EndpointSlice, Service } from '../../src/api/index.ts'
import { clusterView } from '../../src/candidates/index.ts'
import { readConfiguration } from '../../src/config/index.ts'
import { AskingServices } from '../../src/speaker/asking-services.ts'
import { advertisement, pool } from '../config/objects.ts'

const view = clusterView({
  configuration: readConfiguration({
    pools: [pool('lan', ['192.0.2.0/24'])],
    advertisements: [advertisement('all')],
    namespaces: [],
    reserved: [],
  }),
  nodes: [{ metadata: { name: 'node-1' } }],
  speakers: new Set(['node-1']),
  ignoreExcludeLabel: false,
})
const slices: EndpointSlice[] = [
  { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.0.1'], nodeName: 'node-1' }] },
]

function service(uid: string): Service {
  return {
    metadata: { namespace: 'default', name: 'web', uid, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  }
}

test('a Service that is deleted and made anew within a second is another one, and changes nothing for the wire', () => {
  const asking = new AskingServices({ log: pino({ level: 'silent' }) }, { node: 'node-1' })
  assert.equal(asking.update('default/web', service('1'), slices, view), true)
  const { all } = asking.combined
  assert.equal(all.length, 1)
  assert.equal(asking.update('default/web', service('1'), slices, view), false)
  assert.equal(asking.update('default/web', service('2'), slices, view), true)
  assert.equal(asking.combined.all, all)
})
