import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { ServiceL2Status } from '../../src/api/index.ts'
import { ApiClient, inOrder, OwnPod } from '../../src/kube/index.ts'
import { ServiceStatusWriter } from '../../src/speaker/service-status.ts'
import { type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'

const NAMESPACE = 'metallb-system'
const WEB = { uid: 'u', key: 'default/web' }

async function writerOn(t: TestContext, server: FakeApiServer): Promise<ServiceStatusWriter> {
  const log = pino({ level: 'silent' })
  const client = new ApiClient(server.credentials)
  const ownPod = new OwnPod({ client, log }, { namespace: NAMESPACE, name: '' })
  const writer = new ServiceStatusWriter({ client, log, ownPod }, { namespace: NAMESPACE, node: 'node-1' })
  const parts = inOrder([client, writer])
  t.after(() => parts.stop())
  await parts.start()
  return writer
}

/** Resolves with the status as soon as `condition` holds of it. */
async function statusThat(
  server: FakeApiServer,
  condition: (interfaces: readonly unknown[] | undefined) => boolean,
): Promise<ServiceL2Status['status']> {
  const status = () => (server.all('servicel2statuses')[0] as ServiceL2Status | undefined)?.status
  await server.until(() => status() !== undefined && condition(status()?.interfaces))
  return status()
}

test('interfaces that the advertisement names no longer are taken out of the status', async (t) => {
  const server = await startApiServer(t)
  const writer = await writerOn(t, server)
  const found = { node: 'node-1', serviceName: 'web', serviceNamespace: 'default' }
  writer.show({ ...WEB, interfaces: ['eth0'] })
  const named = await statusThat(server, (interfaces) => interfaces !== undefined)
  assert.deepEqual(named, { ...found, interfaces: [{ name: 'eth0' }] })
  writer.show({ ...WEB, interfaces: null })
  assert.deepEqual(await statusThat(server, (interfaces) => interfaces === undefined), found)
})
