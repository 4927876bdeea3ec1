// A cluster whose Services got their addresses from MetalLB: they keep them, and everything of them is ours to change.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { AssignmentHistory } from './assignment-history.ts'
import {
  apply,
  assigned,
  cleanUp,
  eventually,
  get,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  poolOf,
} from './cluster.ts'

interface StoredService {
  metadata: { annotations?: Record<string, string>; managedFields: { manager: string; operation: string }[] }
  status: { loadBalancer: { ingress?: object[] } }
}

const history = new AssignmentHistory()
const key = { 'metallb.io/allow-shared-ip': 'key' }

const stored = (name: string): Promise<StoredService> => get(`service ${name} --show-managed-fields`)

/** Writes the status as MetalLB's controller does: an Update of the subresource that carries the annotation too. */
async function assignAsMetalLB(name: string, poolName: string, ...ips: string[]): Promise<void> {
  const service = await stored(name)
  service.metadata.annotations = {
    ...service.metadata.annotations,
    'metallb.io/ip-allocated-from-pool': poolName,
  }
  service.status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } }
  await kubectl('replace --subresource=status --field-manager=controller -f -', JSON.stringify(service))
  const managers = (await stored(name)).metadata.managedFields
  assert.ok(managers.some(({ manager, operation }) => manager === 'controller' && operation === 'Update'))
}

before(async () => {
  const { spec } = await get<{ spec: { replicas: number } }>(`deployment controller -n ${NAMESPACE}`)
  await kubectl(`scale deployment controller -n ${NAMESPACE} --replicas=0`)
  await kubectl(`wait pod -n ${NAMESPACE} -l component=controller --for=delete --timeout=60s`)
  await apply(
    pool('lan', ['172.25.254.50-172.25.254.59', 'fd00:172:25:254::50/124']),
    pool('spare', ['172.25.254.90-172.25.254.99'], { autoAssign: false }),
  )
  await apply(
    loadBalancer('pending'),
    loadBalancer('single'),
    loadBalancer('dual', { spec: { ipFamilyPolicy: 'RequireDualStack' } }),
    loadBalancer('sharer', { annotations: key }),
    loadBalancer('other-sharer', { annotations: key, spec: { ports: [{ port: 81 }] } }),
    loadBalancer('moved'),
    loadBalancer('deleted'),
  )
  await assignAsMetalLB('single', 'lan', '172.25.254.57')
  await assignAsMetalLB('dual', 'lan', '172.25.254.50', 'fd00:172:25:254::50')
  await assignAsMetalLB('sharer', 'lan', '172.25.254.53')
  await assignAsMetalLB('other-sharer', 'lan', '172.25.254.53')
  await assignAsMetalLB('moved', 'lan', '172.25.254.51')
  await assignAsMetalLB('deleted', 'lan', '172.25.254.52')
  await history.start()
  await kubectl(`scale deployment controller -n ${NAMESPACE} --replicas=${spec.replicas}`)
})

after(async () => {
  await history.stop()
  await cleanUp()
})

test('what MetalLB assigned stays, and what it left pending gets an address that nobody has', async () => {
  await assigned('pending', '172.25.254.54')
  assert.deepEqual(history.of('single'), ['172.25.254.57'])
  assert.deepEqual(history.of('dual'), ['172.25.254.50,fd00:172:25:254::50'])
  assert.deepEqual(history.of('sharer'), ['172.25.254.53'])
  assert.deepEqual(history.of('other-sharer'), ['172.25.254.53'])
})

test('a Service that leaves its type is released, although MetalLB owns the fields too', async () => {
  await kubectl('patch service single -p {"spec":{"type":"ClusterIP"}}')
  await eventually('the release', async () => history.of('single').at(-1) === '')
  assert.equal(await poolOf('single'), undefined)
  assert.deepEqual((await stored('single')).status.loadBalancer, {})
})

test("a Service that asks for another pool gets an address of it in place of MetalLB's", async () => {
  await kubectl('annotate service moved metallb.io/address-pool=spare')
  await assigned('moved', '172.25.254.90')
  assert.equal(await poolOf('moved'), 'spare')
  assert.deepEqual(history.of('moved'), ['172.25.254.51', '172.25.254.90'])
})

test('a deleted Service gives back what MetalLB gave it', async () => {
  await kubectl('delete service deleted')
  await apply(loadBalancer('heir', { annotations: { 'metallb.io/loadBalancerIPs': '172.25.254.52' } }))
  await assigned('heir', '172.25.254.52')
})

test('of a pair the address that its pool no longer covers is replaced, and the other stays', async () => {
  await apply(pool('lan', ['172.25.254.51-172.25.254.59', 'fd00:172:25:254::50/124']))
  await assigned('dual', 'fd00:172:25:254::50', '172.25.254.55')
})

test("MetalLB's annotation under its old prefix is left where it is", async () => {
  const annotations = { 'metallb.universe.tf/ip-allocated-from-pool': 'lan' }
  await apply(loadBalancer('old', { annotations }))
  await eventually('an address', async () => (history.of('old').at(-1) ?? '') !== '')
  await kubectl('patch service old -p {"spec":{"type":"ClusterIP"}}')
  await eventually('the release', async () => history.of('old').at(-1) === '')
  assert.equal(
    (await stored('old')).metadata.annotations?.['metallb.universe.tf/ip-allocated-from-pool'],
    'lan',
  )
})
