import assert from 'node:assert/strict'
import test from 'node:test'
import { configure, createState, originOf, reconcileService } from '../../src/allocator/index.ts'
import type { IPAddressPool, Service } from '../../src/api/index.ts'
import { readConfiguration } from '../../src/config/index.ts'

function pool(name: string, address: string, spec = {}): IPAddressPool {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name },
    spec: { addresses: [`${address}/32`], ...spec },
  }
}

function configuration(...pools: IPAddressPool[]) {
  return readConfiguration({ pools, advertisements: [], namespaces: [], reserved: [] })
}

function service(name: string, annotations = {}): Service {
  return {
    metadata: { namespace: 'default', name, annotations },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.1'], ports: [{ port: 80 }] },
  }
}

/** The reason and sentence after the Services were served in this order, of the last one. */
function origin(pools: IPAddressPool[], ...services: Service[]): string {
  const state = createState(configuration(...pools), null)
  for (const each of services) reconcileService(state, each)
  const { reason, message } = originOf(state, `default/${services.at(-1)?.metadata?.name}`) ?? {}
  return `${reason}: ${message}`
}

const A = pool('a', '192.0.2.1')
const B = pool('b', '192.0.2.2')

test('why a Service has its address from this pool is told', () => {
  assert.equal(
    origin([A], service('web', { 'metallb.io/loadBalancerIPs': '192.0.2.1' })),
    'RequestedAddress: it asks for "192.0.2.1", of pool "a"',
  )
  assert.equal(
    origin([A, B], service('web', { 'metallb.io/address-pool': 'b' })),
    'RequestedPool: it asks for pool "b"',
  )
  assert.match(origin([A], service('web')), /^FirstPoolWithRoom: .* comes first/)
  assert.match(origin([A, B], service('one'), service('web')), /^FirstPoolWithRoom: .*before it come "a"/)
  const pinned = pool('p', '192.0.2.3', { serviceAllocation: { namespaces: ['default'], priority: 7 } })
  assert.match(origin([A, pinned], service('web')), /^PinnedPool: .*with priority 7/)
})

test('a Service that would not be given its address anew keeps it, and it says why', () => {
  const state = createState(configuration(A), null)
  reconcileService(state, service('web'))
  configure(state, configuration(pool('a', '192.0.2.1', { autoAssign: false })))
  reconcileService(state, service('web'))
  assert.match(originOf(state, 'default/web')?.message ?? '', /^it has it from before: autoAssign/)
  configure(state, configuration(pool('a', '192.0.2.1', { excludeAddresses: ['192.0.2.1/32'] })))
  reconcileService(state, service('web'))
  assert.match(originOf(state, 'default/web')?.message ?? '', /^it has it from before: .*excludeAddresses/)
  assert.equal(originOf(state, 'default/none'), null)
})
