import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { ConfigurationState, KubeObject } from '../../src/api/index.ts'
import { ApiClient } from '../../src/kube/client.ts'
import { ConfigurationStateWriter } from '../../src/kube/configuration-state.ts'
import { OwnPod } from '../../src/kube/own-pod.ts'
import { inOrder } from '../../src/kube/startable.ts'
import { FakeApiServer } from './fake-api-server.ts'

const NAMESPACE = 'metallb-system'

interface Setup {
  server: FakeApiServer
  writer: ConfigurationStateWriter
  /** The object as it is in the server. */
  state: () => ConfigurationState | undefined
  /** Resolves when the object says this. */
  says: (result: 'Valid' | 'Invalid') => Promise<void>
  /** Requests that wrote. */
  writes: () => number
}

async function setUp(t: TestContext, init: { node?: string } = {}): Promise<Setup> {
  const server = new FakeApiServer()
  await server.start()
  server.set('pods', { metadata: { namespace: NAMESPACE, name: 'our-pod', uid: 'pod-uid' } })
  const log = pino({ level: 'silent' })
  const client = new ApiClient(server.credentials)
  const ownPod = new OwnPod({ client, log }, { namespace: NAMESPACE, name: 'our-pod' })
  const writer = new ConfigurationStateWriter({ client, log, ownPod }, { namespace: NAMESPACE, ...init })
  const program = inOrder([client, ownPod, writer])
  await program.start()
  t.after(async () => {
    await program.stop()
    await server.stop()
  })
  const state = (): ConfigurationState | undefined => {
    const [found] = server.all('configurationstates')
    return found as ConfigurationState | undefined
  }
  return {
    server,
    writer,
    state,
    says: (result) => server.until(() => state()?.status?.result === result),
    writes: () => server.requests.filter(({ method }) => method !== 'GET').length,
  }
}

test('a valid configuration is shown by an object that our pod owns', async (t) => {
  const { writer, state, says } = await setUp(t)
  writer.report([])
  await says('Valid')
  const { metadata, status } = state()!
  assert.deepEqual([metadata.namespace, metadata.name], [NAMESPACE, 'controller'])
  assert.deepEqual(metadata.labels, { 'metallb.io/component-type': 'controller' })
  assert.deepEqual(metadata.ownerReferences, [
    { apiVersion: 'v1', kind: 'Pod', name: 'our-pod', uid: 'pod-uid' },
  ])
  assert.equal(status?.errorSummary, '')
  assert.deepEqual(
    status.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [['poolReconcilerValid', 'True', 'Reconciled']],
  )
})

test("a speaker's object has the node's name, and a condition of its own", async (t) => {
  const { writer, state, says } = await setUp(t, { node: 'node-1' })
  writer.report([])
  await says('Valid')
  assert.equal(state()?.metadata.name, 'speaker-node-1')
  assert.deepEqual(state()?.metadata.labels, {
    'metallb.io/component-type': 'speaker',
    'metallb.io/node-name': 'node-1',
  })
  assert.equal(state()?.status?.conditions?.[0]?.type, 'configReconcilerValid')
})

test('errors are told one a line, and gone when they are mended', async (t) => {
  const { writer, state, says } = await setUp(t)
  writer.report(['pool a overlaps', 'pool b is reversed'])
  await says('Invalid')
  const summary = 'configuration error: pool a overlaps\nconfiguration error: pool b is reversed'
  assert.equal(state()?.status?.errorSummary, summary)
  const [condition] = state()?.status?.conditions ?? []
  assert.deepEqual(
    [condition?.status, condition?.reason, condition?.message],
    ['False', 'ConfigurationError', summary],
  )
  writer.report([])
  await says('Valid')
  assert.equal(state()?.status?.errorSummary, '')
})

test('nothing is written before the configuration was read, nor when nothing is new', async (t) => {
  const { server, writer, says, writes } = await setUp(t)
  await server.until(() => server.watches === 2)
  assert.equal(writes(), 0)
  writer.report([])
  await says('Valid')
  assert.equal(writes(), 2)
  for (let time = 0; time < 5; time++) {
    writer.report([])
    await new Promise(setImmediate)
  }
  writer.report(['new'])
  await says('Invalid')
  assert.equal(writes(), 3)
})

test('errors beyond what a condition takes are cut off', async (t) => {
  const { writer, state, says } = await setUp(t)
  writer.report(Array.from({ length: 1000 }, (_, index) => `pool ${index} is wrong, and that at some length`))
  await says('Invalid')
  assert.equal(state()?.status?.conditions?.[0]?.message.length, 32_768)
})

test('an object that somebody deletes comes again and says the same', async (t) => {
  const { server, writer, says } = await setUp(t)
  writer.report(['wrong'])
  await says('Invalid')
  server.remove('configurationstates', NAMESPACE, 'controller')
  await says('Invalid')
})

test('a status that somebody changes is mended', async (t) => {
  const { server, writer, state, says } = await setUp(t)
  writer.report(['wrong'])
  await says('Invalid')
  server.set('configurationstates', { ...state(), status: { result: 'Valid' } } as KubeObject)
  await says('Invalid')
})
