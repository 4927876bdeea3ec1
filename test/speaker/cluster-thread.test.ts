import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import { formatAddress } from '../../src/ip/index.ts'
import { ApiClient, ConfigurationStateWriter, EventRecorder, inOrder, OwnPod } from '../../src/kube/index.ts'
import { AnnouncedConditionWriter } from '../../src/speaker/announced-condition.ts'
import { Checkpoint } from '../../src/speaker/checkpoint.ts'
import { ClusterThread } from '../../src/speaker/cluster-thread.ts'
import { Notices } from '../../src/speaker/notices.ts'
import { ServiceStatusWriter } from '../../src/speaker/service-status.ts'
import { type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'

const [NAMESPACE, NODE] = ['metallb-system', 'node-1']
const log = pino({ level: 'silent' })

interface Sent {
  /** The addresses of all intents sent, each time. */
  readonly addresses: string[][]
  until: (wanted: string) => Promise<void>
}

/** A speaker's cluster thread on node-1; what it sends to the wire thread is kept. */
async function clusterThread(t: TestContext, server: FakeApiServer): Promise<Sent> {
  const client = new ApiClient(server.credentials)
  const ownPod = new OwnPod({ client, log }, { namespace: NAMESPACE, name: '' })
  const events = new EventRecorder({ client, log }, { component: 'metallb-speaker' })
  const configurationState = new ConfigurationStateWriter({ client, log, ownPod }, { namespace: NAMESPACE })
  const statuses = new ServiceStatusWriter({ client, log, ownPod }, { namespace: NAMESPACE, node: NODE })
  const conditions = new AnnouncedConditionWriter({ client, log, wanted: () => undefined })
  const addresses: string[][] = []
  let onSent = (): void => undefined
  const thread = new ClusterThread(
    {
      client,
      log,
      configurationState,
      conditions,
      notices: new Notices({ log, events, statuses, conditions }, { node: NODE }),
      checkpoint: new Checkpoint({ log }, { path: '', node: NODE }),
      sendIntents: (intents) => {
        addresses.push(intents.addresses.map(({ address }) => formatAddress(address)).sort())
        onSent()
      },
    },
    {
      namespace: NAMESPACE,
      node: NODE,
      loadBalancerClass: '',
      ignoreExcludeLabel: false,
      speakerLabels: 'component=speaker',
    },
  )
  const parts = inOrder([client, events, thread])
  t.after(() => parts.stop())
  await parts.start()
  return {
    addresses,
    until: async (wanted) => {
      while (addresses.at(-1)?.join() !== wanted) await new Promise<void>((resolve) => (onSent = resolve))
    },
  }
}

const pool = (server: FakeApiServer, name: string, range: string): void =>
  void server.set('ipaddresspools', {
    metadata: { namespace: NAMESPACE, name },
    spec: { addresses: [range] },
  } as object)

function service(server: FakeApiServer, name: string, ip: string): void {
  const labels = { 'kubernetes.io/service-name': name }
  server.set('services', {
    metadata: { namespace: 'default', name },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: [{ ip }] } },
  } as object)
  server.set('endpointslices', {
    metadata: { namespace: 'default', name, labels },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.1'], conditions: { ready: true }, nodeName: NODE }],
  } as object)
}

async function serverWithSpeaker(t: TestContext): Promise<FakeApiServer> {
  const server = await startApiServer(t)
  server.set('nodes', { metadata: { name: NODE } })
  const labels = { component: 'speaker' }
  server.set('pods', {
    metadata: { namespace: NAMESPACE, name: 'speaker-1', labels },
    spec: { nodeName: NODE },
  } as object)
  server.set('l2advertisements', { metadata: { namespace: NAMESPACE, name: 'all' } })
  return server
}

test('an address whose pool is missing for a moment stays announced', async (t) => {
  const server = await serverWithSpeaker(t)
  pool(server, 'lan', '192.0.2.0/24')
  pool(server, 'other', '198.51.100.0/24')
  service(server, 'a', '192.0.2.1')
  const { addresses, until } = await clusterThread(t, server)
  await until('192.0.2.1')
  server.remove('ipaddresspools', NAMESPACE, 'lan')
  service(server, 'b', '198.51.100.1')
  await until('192.0.2.1,198.51.100.1')
  pool(server, 'lan', '192.0.2.0/24')
  service(server, 'c', '192.0.2.2')
  await until('192.0.2.1,192.0.2.2,198.51.100.1')
  assert.ok(addresses.every((sent) => sent.includes('192.0.2.1')))
})

test('an address whose pool does not come back is announced no longer', async (t) => {
  const server = await serverWithSpeaker(t)
  pool(server, 'lan', '192.0.2.0/24')
  pool(server, 'other', '198.51.100.0/24')
  service(server, 'a', '192.0.2.1')
  service(server, 'b', '198.51.100.1')
  const { until } = await clusterThread(t, server)
  await until('192.0.2.1,198.51.100.1')
  server.remove('ipaddresspools', NAMESPACE, 'lan')
  await until('198.51.100.1')
})

test('endpoints that are given to another Service are the former’s no more', async (t) => {
  const server = await serverWithSpeaker(t)
  pool(server, 'lan', '192.0.2.0/24')
  service(server, 'a', '192.0.2.1')
  service(server, 'b', '192.0.2.2')
  server.remove('endpointslices', 'default', 'b')
  const { until } = await clusterThread(t, server)
  await until('192.0.2.1')
  const slice = server.get('endpointslices', 'default', 'a')
  const labels = { 'kubernetes.io/service-name': 'b' }
  server.set('endpointslices', { ...slice, metadata: { ...slice?.metadata, labels } })
  await until('192.0.2.2')
  server.set('endpointslices', { ...slice, metadata: { ...slice?.metadata, labels: {} } })
  await until('')
})
