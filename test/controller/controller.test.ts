import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Service } from '../../src/api/index.ts'
import { Term } from '../../src/kube/index.ts'
import { type FakeApiServer, type SeenRequest, startApiServer } from '../kube/fake-api-server.ts'
import { NAMESPACE, replica } from './replica.ts'

async function serverWithPool(t: TestContext): Promise<FakeApiServer> {
  const server = await startApiServer(t)
  const pool = { metadata: { namespace: NAMESPACE, name: 'lan' }, spec: { addresses: ['192.0.2.0/24'] } }
  server.set('ipaddresspools', pool)
  return server
}

function add(server: FakeApiServer, name: string): void {
  const spec = {
    type: 'LoadBalancer',
    clusterIPs: ['10.96.0.1'],
    ipFamilies: ['IPv4'],
    ports: [{ port: 80 }],
  }
  const service = { metadata: { namespace: 'default', name }, spec }
  server.set('services', service)
}

function addressOf(server: FakeApiServer, name: string): string | undefined {
  return (server.get('services', 'default', name) as Service).status?.loadBalancer?.ingress?.[0]?.ip
}

function writes({ requests }: FakeApiServer): SeenRequest[] {
  return requests.filter(({ method, path }) => method === 'PATCH' && path.includes('/services/'))
}

test('a replica that stands by writes nothing, and answers from what it reads', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  add(server, 'a')
  controller.start()
  await server.until(() => controller.hasSynced)
  assert.deepEqual([...controller.usage.keys()], [])
  assert.deepEqual([...(controller.view.state?.configuration.pools.keys() ?? [])], ['lan'])
  assert.deepEqual(writes(server), [])
})

test('one write and one event assign an address', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  add(server, 'a')
  void controller.begin(new Term(() => 0, Infinity))
  controller.start()
  await server.until(() => server.all('events').length === 1 && addressOf(server, 'a') !== undefined)
  assert.equal(addressOf(server, 'a'), '192.0.2.0')
  await controller.stop()
  assert.deepEqual([writes(server).length, server.all('events').length], [1, 1])
})

test('who takes over reads again first: what the other did last may not have been shown to it yet', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  add(server, 'a')
  // Its watches show nothing.
  server.fault = ({ query }) => query.get('watch') === 'true'
  controller.start()
  await server.until(() => controller.hasSynced)
  const given = {
    ...server.get('services', 'default', 'a'),
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.0' }] } },
  }
  server.set('services', given)
  add(server, 'b')
  await controller.begin(new Term(() => 0, Infinity))
  await server.until(() => addressOf(server, 'b') !== undefined)
  assert.deepEqual([addressOf(server, 'a'), addressOf(server, 'b')], ['192.0.2.0', '192.0.2.1'])
})

test('at the end of the term what is being written is broken off, and nothing is written any more', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  const term = new Term(() => 0, Infinity)
  void controller.begin(term)
  let brokenOff = 0
  server.fault = ({ method }, response) => {
    if (method !== 'PATCH') return false
    response.on('close', () => brokenOff++)
    return true
  }
  add(server, 'a')
  controller.start()
  await server.until(() => writes(server).length === 1)
  term.end()
  await server.until(() => brokenOff === 1)
  assert.deepEqual([...controller.usage.keys()], [])
  add(server, 'b')
  await server.until(() => true)
  assert.equal(writes(server).length, 1)
})

test('a process that slept through the end of its term sends nothing when it wakes', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  let now = 0
  void controller.begin(new Term(() => now, 10_000))
  controller.start()
  await server.until(() => controller.usage.has('lan'))
  now = 10_000
  add(server, 'a')
  await server.until(() => controller.view.services.has('default/a'))
  await controller.stop()
  assert.deepEqual(writes(server), [])
})

test('a Service that comes after a change of a pool is judged by the pool as it is then', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  void controller.begin(new Term(() => 0, Infinity))
  controller.start()
  await server.until(() => controller.usage.has('lan'))
  const metadata = { namespace: NAMESPACE, name: 'lan', generation: 2 }
  const draining = { metadata, spec: { addresses: ['192.0.2.0/24'], drain: true } }
  server.set('ipaddresspools', draining)
  while (controller.view.pools.get('lan')?.spec.drain !== true) await turn()
  add(server, 'a')
  await server.until(() => writes(server).length === 1)
  assert.equal(addressOf(server, 'a'), undefined)
})

test('who keeps writing the annotation over is left it, and neither the condition nor the addresses', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  void controller.begin(new Term(() => 0, Infinity))
  controller.start()
  add(server, 'a')
  const service = (): Service => server.get('services', 'default', 'a') as Service
  for (let round = 0; round < 10; round++) {
    await server.until(() => service().metadata?.annotations?.['metallb.io/ip-allocated-from-pool'] === 'lan')
    const annotations = { 'metallb.io/ip-allocated-from-pool': 'theirs' }
    server.set('services', { ...service(), metadata: { ...service().metadata, annotations } })
  }
  const metadata = { namespace: NAMESPACE, name: 'lan', generation: 2 }
  const avoiding = { metadata, spec: { addresses: ['192.0.2.0/24'], avoidBuggyIPs: true } }
  server.set('ipaddresspools', avoiding)
  await server.until(() => addressOf(server, 'a') === '192.0.2.1')
  assert.deepEqual(
    service().status?.conditions?.map(({ status, reason }) => `${status} ${reason}`),
    ['True Allocated'],
  )
})

test('an address that an edit leaves in no pool is kept for the pool that comes next', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  void controller.begin(new Term(() => 0, Infinity))
  controller.start()
  add(server, 'a')
  await server.until(() => addressOf(server, 'a') === '192.0.2.0')
  const edit = (name: string, addresses: string[], generation: number): void => {
    const object = { metadata: { namespace: NAMESPACE, name, generation }, spec: { addresses } }
    server.set('ipaddresspools', object)
  }
  edit('lan', ['192.0.2.128/25'], 2)
  while (controller.view.pools.get('lan')?.metadata.generation !== 2) await turn()
  add(server, 'b')
  await server.until(() => addressOf(server, 'b') === '192.0.2.128')
  edit('lower', ['192.0.2.0/25'], 1)
  await server.until(() => JSON.stringify(server.get('services', 'default', 'a')).includes('"lower"'))
  assert.equal(addressOf(server, 'a'), '192.0.2.0')
  assert.equal(writes(server).filter(({ path }) => path.includes('/services/a/')).length, 2)
})

test('another term begins anew', async (t) => {
  const server = await serverWithPool(t)
  const { controller } = replica(t, server)
  const first = new Term(() => 0, Infinity)
  void controller.begin(first)
  add(server, 'a')
  controller.start()
  await server.until(() => addressOf(server, 'a') !== undefined)
  first.end()
  add(server, 'b')
  await controller.begin(new Term(() => 0, Infinity))
  await server.until(() => addressOf(server, 'b') !== undefined)
  assert.equal(addressOf(server, 'b'), '192.0.2.1')
})

test('who takes over while our namespace is being deleted releases nothing of a pool that has gone', async (t) => {
  const server = await serverWithPool(t)
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  server.set('namespaces', { metadata: { name: NAMESPACE, deletionTimestamp } })
  add(server, 'a')
  const assigned = {
    ...server.get('services', 'default', 'a'),
    status: { loadBalancer: { ingress: [{ ip: '198.51.100.1' }] } },
  }
  server.set('services', assigned)
  const { controller } = replica(t, server)
  controller.start()
  void controller.begin(new Term(() => 0, Infinity))
  add(server, 'b')
  await server.until(() => writes(server).some(({ path }) => path.includes('/services/b/')))
  assert.equal(addressOf(server, 'a'), '198.51.100.1')
})
