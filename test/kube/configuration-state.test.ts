import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { ConfigurationState, KubeObject } from '../../src/api/index.ts'
import type { ConfigurationRefusal } from '../../src/config/index.ts'
import { ApiClient } from '../../src/kube/client.ts'
import { ConfigurationStateWriter } from '../../src/kube/configuration-state.ts'
import { OwnPod } from '../../src/kube/own-pod.ts'
import { inOrder } from '../../src/kube/startable.ts'
import { type FakeApiServer, startApiServer } from './fake-api-server.ts'

const NAMESPACE = 'metallb-system'

function refusal(name: string, message: string): ConfigurationRefusal {
  return { object: { kind: 'IPAddressPool', name }, reason: 'InvalidAddresses', message }
}

const WRONG = refusal('lan', 'wrong')

interface Setup {
  server: FakeApiServer
  writer: ConfigurationStateWriter
  /** Lines of the log, of warnings only. */
  told: readonly string[]
  /** The object as it is in the server. */
  state: () => ConfigurationState | undefined
  /** Resolves when the object says this. */
  says: (result: 'Valid' | 'Invalid') => Promise<void>
  /** Requests that wrote. */
  writes: () => number
}

async function setUp(t: TestContext, init: { node?: string } = {}): Promise<Setup> {
  const server = await startApiServer(t)
  server.set('pods', { metadata: { namespace: NAMESPACE, name: 'our-pod', uid: 'pod-uid' } })
  const told: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => told.push(line) })
  const client = new ApiClient(server.credentials)
  const ownPod = new OwnPod({ client, log }, { namespace: NAMESPACE, name: 'our-pod' })
  const writer = new ConfigurationStateWriter({ client, log, ownPod }, { namespace: NAMESPACE, ...init })
  const program = inOrder([client, ownPod, writer])
  await program.start()
  t.after(() => program.stop())
  const state = (): ConfigurationState | undefined => {
    const [found] = server.all('configurationstates')
    return found as ConfigurationState | undefined
  }
  return {
    server,
    writer,
    told,
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

test('what changes again and again is written now and then, the last state in the end', async (t) => {
  const { server, writer, state } = await setUp(t)
  const patches = (): number => server.requests.filter(({ method }) => method === 'PATCH').length
  writer.report([refusal('0', 'wrong')])
  await server.until(() => patches() === 1)
  for (let index = 1; index <= 20; index++) {
    writer.report([refusal(String(index), 'wrong')])
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  }
  await server.until(() => state()?.status?.errorSummary?.includes('IPAddressPool 20:') === true)
  assert.ok(patches() < 10, `${patches()} writes`)
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

test('errors are told one a line with their objects, and gone when they are mended', async (t) => {
  const { writer, state, says } = await setUp(t)
  writer.report([refusal('a', 'it overlaps'), refusal('b', 'it is reversed')])
  await says('Invalid')
  const summary = [
    'configuration error: IPAddressPool a: it overlaps',
    'configuration error: IPAddressPool b: it is reversed',
  ].join('\n')
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
  writer.report([WRONG])
  await says('Invalid')
  assert.equal(writes(), 3)
})

test('errors beyond what a condition takes are counted', async (t) => {
  const { writer, state, says } = await setUp(t)
  const message = 'it is wrong, and that at some length'
  writer.report(Array.from({ length: 1000 }, (_, index) => refusal(`pool-${index}`, message)))
  await says('Invalid')
  const shown = state()?.status?.conditions?.[0]?.message ?? ''
  assert.equal(state()?.status?.errorSummary, shown)
  assert.ok(shown.length <= 32_768 && shown.length > 32_600, `${shown.length}`)
  const lines = shown.split('\n')
  assert.equal(
    lines.at(-2),
    `configuration error: IPAddressPool pool-${lines.length - 2}: it is wrong, and that at some length`,
  )
  assert.equal(lines.at(-1), `and ${1000 - (lines.length - 1)} more`)
})

test('a single error beyond what a condition takes is cut off', async (t) => {
  const { writer, state, says } = await setUp(t)
  writer.report([refusal('long', 'x'.repeat(40_000)), WRONG])
  await says('Invalid')
  assert.equal(state()?.status?.conditions?.[0]?.message.length, 32_768)
})

test('an object that somebody deletes comes again and says the same', async (t) => {
  const { server, writer, says } = await setUp(t)
  writer.report([WRONG])
  await says('Invalid')
  server.remove('configurationstates', NAMESPACE, 'controller')
  await says('Invalid')
})

test('a status that somebody changes is mended', async (t) => {
  const { server, writer, state, says } = await setUp(t)
  writer.report([WRONG])
  await says('Invalid')
  server.set('configurationstates', { ...state(), status: { result: 'Valid' } } as KubeObject)
  await says('Invalid')
})

test('each refusal is logged when it is new, not at each look', async (t) => {
  const { writer, told } = await setUp(t)
  writer.report([WRONG])
  writer.report([WRONG])
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /"pool":"lan".*"message":"wrong"/)
  writer.report([WRONG, refusal('other', 'too')])
  assert.equal(told.length, 2)
})
