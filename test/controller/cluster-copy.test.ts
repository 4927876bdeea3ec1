import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import { ClusterCopy } from '../../src/controller/cluster-copy.ts'
import { ApiClient } from '../../src/kube/index.ts'
import { FakeApiServer } from '../kube/fake-api-server.ts'

const NAMESPACE = 'metallb-system'

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

async function setUp(t: TestContext) {
  const server = new FakeApiServer()
  await server.start()
  const client = new ApiClient(server.credentials)
  let readings = 0
  const cluster = new ClusterCopy(
    { client, log: pino({ level: 'silent' }) },
    {
      namespace: NAMESPACE,
      speakerLabels: 'component=speaker',
      onService: () => undefined,
      onConfiguration: () => readings++,
      onPool: () => undefined,
      onStatus: () => undefined,
      onCandidates: () => undefined,
    },
  )
  t.after(async () => {
    await cluster.stop()
    client.stop()
    await server.stop()
  })
  const label = async (team: string): Promise<void> => {
    server.set('namespaces', { metadata: { name: 'blue', labels: { team } } })
    await until(() => cluster.configurationObjects.namespaces[0]?.metadata?.labels?.['team'] === team)
  }
  const pool = async (spec: object): Promise<void> => {
    const before = readings
    const object = { metadata: { namespace: NAMESPACE, name: 'lan', generation: before + 1 }, spec }
    server.set('ipaddresspools', object)
    await until(() => readings > before)
  }
  cluster.start()
  await cluster.synced()
  return { label, pool, readings: () => readings }
}

test('the labels of a namespace matter only while a pool selects by them', async (t) => {
  const { label, pool, readings } = await setUp(t)
  const addresses = ['192.0.2.0/24']
  await pool({ addresses, serviceAllocation: { namespaces: ['blue'], namespaceSelectors: [] } })
  const before = readings()
  await label('a')
  assert.equal(readings(), before)
  await pool({ addresses, serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'a' } }] } })
  await label('b')
  assert.equal(readings(), before + 2)
})
