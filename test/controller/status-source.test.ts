// What the status API shows of a small cluster behind a fake API server.

import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Controller } from '../../src/controller/controller.ts'
import { Endpoints } from '../../src/controller/endpoints.ts'
import { statusSource } from '../../src/controller/status-source.ts'
import { Term } from '../../src/kube/index.ts'
import type { StatusSource } from '../../src/status/index.ts'
import { type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'
import { NAMESPACE as namespace, replica } from './replica.ts'

const NO_HEARINGS = { of: () => undefined, refresh: async () => undefined }

/** Once round the loop for each look: what is waited for comes through a real socket. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

interface Cluster {
  server: FakeApiServer
  source: StatusSource
  controller: Controller
}

/** Three nodes of which the last has no speaker, a pool of two addresses, and an advertisement for all. */
async function cluster(t: TestContext, clockStepMs = 2000): Promise<Cluster> {
  const server = await startApiServer(t)
  server.set('ipaddresspools', {
    metadata: { namespace, name: 'lan' },
    spec: { addresses: ['192.0.2.10-192.0.2.12'], excludeAddresses: ['192.0.2.11/32'] },
  } as object)
  server.set('l2advertisements', { metadata: { namespace, name: 'all' } })
  for (const [index, node] of ['node-1', 'node-2', 'node-3'].entries()) {
    server.set('nodes', {
      metadata: { name: node },
      status: { addresses: [{ type: 'InternalIP', address: `198.51.100.${index + 1}` }] },
    } as object)
    if (node === 'node-3') continue
    server.set('pods', {
      metadata: { namespace, name: `speaker-${node}`, labels: { app: 'metallb', component: 'speaker' } },
      spec: { nodeName: node, containers: [{ name: 'speaker', image: 'typemetal:1' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    } as object)
  }
  let now = 0 // what a replica that stands by shows is never old
  const { controller, client } = replica(t, server, () => (now += clockStepMs))
  controller.start()
  await until(() => controller.view.cluster.isLive && controller.view.cluster.speakers.size === 2)
  const source = statusSource({
    view: () => controller.view,
    endpoints: new Endpoints(client),
    hearings: NO_HEARINGS,
  })
  return { server, source, controller }
}

function addService(server: FakeApiServer, name: string, spec = {}, metadata = {}): void {
  server.set('services', {
    metadata: { namespace: 'default', name, ...metadata },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.1'], ports: [{ port: 80 }], ...spec },
  } as object)
  server.set('endpointslices', {
    metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.1'], nodeName: 'node-1', conditions: { ready: true } }],
  } as object)
}

function announce(server: FakeApiServer, node: string, name: string): void {
  server.set('servicel2statuses', {
    metadata: { namespace, name: `l2-${node}-${name}` },
    status: { node, serviceName: name, serviceNamespace: 'default' },
  } as object)
}

async function begin({ controller, source }: Cluster, ...services: string[]): Promise<void> {
  await controller.begin(new Term(() => 0, Infinity))
  const decided = (key: string): boolean => {
    const view = source.services.view(key)
    return view?.state === 'Assigned' || view?.reason !== undefined
  }
  await until(() => services.every(decided))
}

test('a pool in detail: what it has, what is withheld, what is used and by whom', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web')
  await begin(it, 'default/web')
  const { ranges, withheld, services, assignedIPv4, availableIPv4, conditions } =
    it.source.pools.detail('lan') ?? {}
  assert.deepEqual(ranges, [{ first: '192.0.2.10', last: '192.0.2.12' }])
  assert.deepEqual(withheld, [{ first: '192.0.2.11', last: '192.0.2.11', because: 'excluded' }])
  assert.deepEqual([services, assignedIPv4, availableIPv4], [1, '1', '1'])
  assert.ok(conditions?.some(({ type, status }) => type === 'Accepted' && status === 'True'))
  const addresses = it.source.pools.addresses('lan')
  assert.deepEqual(
    addresses?.keys({}).map((key) => addresses.view(key)),
    [{ ip: '192.0.2.10', services: ['default/web'] }],
  )
  assert.equal(it.source.pools.detail('none'), undefined)
})

test('a pool where somebody else uses an address names the Service', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web')
  await begin(it, 'default/web')
  const service = it.server.get('services', 'default', 'web') as { status?: object }
  const conflict = {
    type: 'typemetal.io/Announced',
    status: 'False',
    reason: 'AddressConflict',
    message: 'taken',
  }
  it.server.set('services', { ...service, status: { ...service.status, conditions: [conflict] } } as object)
  await until(() => it.source.pools.detail('lan')?.conflicts.length === 1)
  assert.deepEqual(it.source.pools.detail('lan')?.conflicts, [
    { namespace: 'default', name: 'web', message: 'taken' },
  ])
})

test('a Service in detail: what it has and why, who announces it, who comes next, who may not and why', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web')
  await begin(it, 'default/web')
  announce(it.server, 'node-2', 'web')
  await until(() => it.source.services.view('default/web')?.announcedBy.length === 1)
  const detail = await it.source.services.detail('default/web')
  assert.deepEqual(detail?.ips, ['192.0.2.10'])
  assert.equal(detail?.origin?.reason, 'FirstPoolWithRoom')
  assert.deepEqual(
    detail?.announcers.map(({ node }) => node),
    ['node-2'],
  )
  const judged = detail?.candidates.map(({ node, eligible, reason }) =>
    `${node} ${eligible} ${reason ?? ''}`.trim(),
  )
  assert.deepEqual(new Set(judged), new Set(['node-1 true', 'node-2 true', 'node-3 false NoSpeaker']))
  const text = detail?.sentences.join(' ') ?? ''
  assert.match(text, /^default\/web has 192\.0\.2\.10 of pool lan/)
  assert.match(text, /node-2 announces it since .* Next in line: node-1\. node-3 has no speaker\.$/)
})

test('a Service that waits says why, in the words of its condition', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web', {}, { annotations: { 'metallb.io/address-pool': 'wan' } })
  await begin(it, 'default/web')
  const detail = await it.source.services.detail('default/web')
  assert.deepEqual([detail?.state, detail?.reason], ['Pending', 'UnknownPool'])
  assert.match(detail?.sentences[0] ?? '', /^default\/web has no address.*: unknown pool "wan"\.$/)
  assert.equal(detail?.withheld?.reason, 'noIPAllocated')
})

test('a Service of another class says that it is not ours', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web', { loadBalancerClass: 'example.com/other' })
  await begin(it, 'default/web')
  assert.equal(it.source.services.view('default/web')?.reason, 'OtherClass')
})

test('without endpoints nobody announces, and it says so; while they cannot be read nothing is said', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web')
  await begin(it, 'default/web')
  it.server.remove('endpointslices', 'default', 'web')
  assert.equal((await it.source.services.detail('default/web'))?.withheld?.reason, 'noEndpoints')
  it.server.fault = ({ path }, response) => {
    if (!path.includes('endpointslices')) return false
    response.writeHead(403).end('{}')
    return true
  }
  assert.equal((await it.source.services.detail('default/web'))?.candidates.length, 3)
})

test('Services are found by namespace, state, pool and node', async (t) => {
  const it = await cluster(t)
  for (const name of ['a', 'b', 'c']) addService(it.server, name)
  await begin(it, 'default/a', 'default/b', 'default/c')
  announce(it.server, 'node-1', 'b')
  await until(() => it.source.services.keys({ node: 'node-1' }).length === 1)
  assert.deepEqual(it.source.services.keys({}), ['default/a', 'default/b', 'default/c'])
  assert.deepEqual(it.source.services.keys({ namespace: 'other' }), [])
  assert.deepEqual(it.source.services.keys({ state: 'Pending' }), ['default/c'])
  assert.deepEqual(it.source.services.keys({ pool: 'lan', state: 'Assigned' }), ['default/a', 'default/b'])
  assert.deepEqual(it.source.services.keys({ node: 'node-1' }), ['default/b'])
})

test('a speaker is told with its node, its pod, what it announces, and why it may not', async (t) => {
  const it = await cluster(t)
  addService(it.server, 'web')
  await begin(it, 'default/web')
  announce(it.server, 'node-1', 'web')
  await until(() => it.source.speakers.view('node-1')?.services === 1)
  assert.deepEqual(it.source.speakers.keys({}), ['node-1', 'node-2', 'node-3'])
  assert.deepEqual(it.source.speakers.view('node-1'), {
    node: 'node-1',
    pod: 'speaker-node-1',
    ready: true,
    image: 'typemetal:1',
    nodeAddresses: ['198.51.100.1'],
    eligible: true,
    services: 1,
    ips: ['192.0.2.10'],
  })
  assert.deepEqual(it.source.speakers.view('node-3'), {
    node: 'node-3',
    ready: false,
    nodeAddresses: ['198.51.100.3'],
    eligible: false,
    reason: 'NoSpeaker',
    message: 'node-3 has no speaker',
    services: 0,
    ips: [],
  })
})

test('what happens is told in transitions, the newest first, and marked as changes', async (t) => {
  const it = await cluster(t)
  const { revision } = it.source.changes
  await begin(it)
  addService(it.server, 'web')
  await until(() => it.source.transitions.keys({}).length === 1)
  announce(it.server, 'node-1', 'web')
  await until(() => it.source.transitions.keys({ node: 'node-1' }).length === 1)
  it.server.remove('servicel2statuses', namespace, 'l2-node-1-web')
  announce(it.server, 'node-2', 'web')
  await until(() => it.source.transitions.keys({ node: 'node-2' }).length === 1)
  assert.deepEqual(
    it.source.transitions.keys({}).map((key) => it.source.transitions.view(key)?.message),
    [
      'node-2 announces it',
      'node-1 does not announce it any more',
      'node-1 announces it',
      'it has 192.0.2.10',
    ],
  )
  const kinds = new Set(it.source.changes.since(revision)?.map(({ kind, key }) => `${kind} ${key}`))
  for (const change of ['service default/web', 'speaker node-1', 'speaker node-2', 'pool lan'])
    assert.ok(kinds.has(change), change)
})

test('a replica that stands by shows the same, but for what only the active one decides', async (t) => {
  const it = await cluster(t)
  it.server.set('services', {
    metadata: {
      namespace: 'default',
      name: 'web',
      annotations: { 'metallb.io/ip-allocated-from-pool': 'lan' },
    },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.1'] },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.12' }] } },
  } as object)
  await until(() => it.source.services.view('default/web')?.state === 'Assigned')
  assert.deepEqual(it.source.services.view('default/web')?.ips, ['192.0.2.12'])
  assert.equal(it.source.pools.view('lan')?.assignedIPv4, '1')
})

test('who follows a replica that stands by is told again of what it could not show yet', async (t) => {
  const it = await cluster(t, 200) // what it shows is up to five questions old
  const { revision } = it.source.changes
  it.server.set('services', {
    metadata: { namespace: 'default', name: 'web' },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.1'] },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.12' }] } },
  } as object)
  await until(() => it.source.changes.revision > revision)
  const told = it.source.changes.revision
  const before = it.source.services.view('default/web')
  if (before?.state === 'Assigned') return // it looked at the right moment
  await until(() => it.source.changes.revision > told)
  const again = it.source.changes.since(told)?.map(({ kind, key }) => `${kind} ${key}`)
  assert.ok(again?.includes('service default/web'))
  await until(() => it.source.services.view('default/web')?.state === 'Assigned')
})
