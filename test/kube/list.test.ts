import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { ApiClient } from '../../src/kube/client.ts'
import { SERVICES } from '../../src/kube/collections.ts'
import { listAll } from '../../src/kube/list.ts'
import { failWith, FakeApiServer } from './fake-api-server.ts'

async function start(t: TestContext): Promise<{ server: FakeApiServer; client: ApiClient }> {
  const server = new FakeApiServer()
  await server.start()
  const client = new ApiClient(server.credentials)
  t.after(async () => {
    client.stop()
    await server.stop()
  })
  for (const name of ['a', 'b', 'c']) server.set('services', { metadata: { namespace: 'x', name } })
  return { server, client }
}

test('a collection is read page by page', async (t) => {
  const { server, client } = await start(t)
  const services = await listAll(client, SERVICES, { pageSize: 2 })
  assert.deepEqual(
    services.flatMap(({ metadata }) => metadata?.name ?? []),
    ['a', 'b', 'c'],
  )
  assert.equal(server.requests.length, 2)
})

test('a list that expires between two pages is begun anew, and shows nothing twice', async (t) => {
  const { server, client } = await start(t)
  let expired = false
  server.fault = ({ query }, response) => {
    if (expired || !query.has('continue')) return false
    expired = true
    failWith(response, 410, 'Expired')
    return true
  }
  assert.equal((await listAll(client, SERVICES, { pageSize: 2 })).length, 3)
})

test('a list that always expires is given up', async (t) => {
  const { server, client } = await start(t)
  server.fault = (_, response) => {
    failWith(response, 410, 'Expired')
    return true
  }
  await assert.rejects(listAll(client, SERVICES, {}), { name: 'ApiError', status: 410 })
})
