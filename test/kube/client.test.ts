import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { ApiClient, PATCH } from '../../src/kube/client.ts'
import { SERVICES } from '../../src/kube/collections.ts'
import { ApiError, ApiUnreachable, isStatus } from '../../src/kube/errors.ts'
import { pathOf } from '../../src/kube/resource.ts'
import { failWith, type FakeApiServer, startApiServer } from './fake-api-server.ts'

const WEB = pathOf(SERVICES, { namespace: 'default', name: 'web' })

async function setUp(t: TestContext): Promise<{ server: FakeApiServer; client: ApiClient }> {
  const server = await startApiServer(t)
  server.set('services', { metadata: { namespace: 'default', name: 'web' } })
  const client = new ApiClient(server.credentials)
  t.after(() => client.stop())
  return { server, client }
}

/** The `ApiError` or `ApiUnreachable` that the call ends with. */
async function failure(call: Promise<unknown>): Promise<ApiError & ApiUnreachable> {
  const error: unknown = await call.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof ApiError || error instanceof ApiUnreachable, String(error))
  return error as ApiError & ApiUnreachable
}

test('300 calls one after the other use one connection', async (t) => {
  const { server, client } = await setUp(t)
  for (let call = 0; call < 300; call++) await client.request({ path: WEB })
  assert.equal(server.connections, 1)
})

test('a body goes with its content type, query values that are undefined do not go', async (t) => {
  const { server, client } = await setUp(t)
  const query = { fieldManager: 'me', force: true, dryRun: undefined }
  const body = { metadata: { labels: { a: 'ü' } } }
  await client.request({ method: 'PATCH', path: WEB, query, contentType: PATCH.merge, body })
  const [seen] = server.requests
  assert.equal(seen?.headers['content-type'], 'application/merge-patch+json')
  assert.equal(seen?.query.toString(), 'fieldManager=me&force=true')
  assert.deepEqual(seen?.body, body)
})

test('a body given as text is sent as it is', async (t) => {
  const { server, client } = await setUp(t)
  let length = 0
  server.fault = ({ headers }) => {
    length = Number(headers['content-length'])
    return false
  }
  const text = '{"spec":{"n":9223372036854775807}}'
  await client.request({ method: 'PATCH', path: WEB, contentType: PATCH.merge, text })
  assert.equal(length, text.length)
})

test('a Status becomes an ApiError with its reason and message', async (t) => {
  const { client } = await setUp(t)
  const error = await failure(
    client.request({ path: pathOf(SERVICES, { namespace: 'default', name: 'no' }) }),
  )
  assert.deepEqual([error.status, error.reason, error.message], [404, 'NotFound', 'it is NotFound'])
  assert.ok(isStatus(error, 404))
})

test("a proxy's page is told by its beginning, failed or not", async (t) => {
  const { server, client } = await setUp(t)
  let code = 502
  server.fault = (_, response) => {
    response.writeHead(code).end('<html>proxy</html>')
    return true
  }
  const failed = await failure(client.request({ path: WEB }))
  assert.deepEqual([failed.status, failed.reason, failed.message], [502, '', 'HTTP 502: <html>proxy</html>'])
  code = 200
  const garbled = await failure(client.request({ path: WEB }))
  assert.equal(garbled.code, 'GARBAGE')
  assert.match(garbled.message, /<html>proxy/)
})

test('a call that the server puts off is made again when it says', async (t) => {
  const { server, client } = await setUp(t)
  let left = 2
  server.fault = (_, response) => {
    if (left-- <= 0) return false
    failWith(response, 429, 'TooManyRequests', { 'retry-after': '0' })
    return true
  }
  await client.request({ path: WEB })
  assert.equal(server.requests.length, 3)
})

test('a call is put off no more than three times', async (t) => {
  const { server, client } = await setUp(t)
  server.fault = (_, response) => (failWith(response, 503, 'Unavailable', { 'retry-after': '0' }), true)
  assert.equal((await failure(client.request({ path: WEB }))).status, 503)
  assert.equal(server.requests.length, 4)
})

test('a call put off beyond its deadline fails at once and says for how long', async (t) => {
  const { server, client } = await setUp(t)
  server.fault = (_, response) => (failWith(response, 429, 'TooManyRequests', { 'retry-after': '60' }), true)
  const error = await failure(client.request({ path: WEB }))
  assert.deepEqual([error.status, error.retryAfterMs, server.requests.length], [429, 60_000, 1])
})

test('a failure without Retry-After is not tried again', async (t) => {
  const { server, client } = await setUp(t)
  server.fault = (_, response) => (failWith(response, 503, 'Unavailable'), true)
  await failure(client.request({ path: WEB }))
  assert.equal(server.requests.length, 1)
})

test('no server is ECONNREFUSED', async (t) => {
  const { server, client } = await setUp(t)
  await server.stop()
  const error = await failure(client.request({ path: WEB }))
  assert.equal(error.code, 'ECONNREFUSED')
  assert.match(error.message, /^GET \/api\/v1\/namespaces\/default\/services\/web: connect ECONNREFUSED/)
})

test('a connection that breaks in the answer is ECONNRESET', async (t) => {
  const { server, client } = await setUp(t)
  server.fault = (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"half":')
    setImmediate(() => server.cutConnections())
    return true
  }
  assert.equal((await failure(client.request({ path: WEB }))).code, 'ECONNRESET')
})

for (const [when, begin] of [
  ['no header', () => undefined],
  ['half of the body', (response) => response.writeHead(200).write('{')],
] as [string, (response: ServerResponse) => void][]) {
  test(`the deadline ends a call of which ${when} comes`, async (t) => {
    const { server, client } = await setUp(t)
    server.fault = (_, response) => (begin(response), true)
    const error = await failure(client.request({ path: WEB, deadlineMs: 20 }))
    assert.equal(error.code, 'DEADLINE')
    assert.match(error.message, /no answer in time/)
  })
}

test('the deadline ends a call whose credentials do not come', async () => {
  const stuck = new Promise<never>(() => undefined) // a plugin that waits for somebody to type
  const client = new ApiClient({ server: 'http://127.0.0.1', access: () => stuck, forget: () => undefined })
  assert.equal((await failure(client.request({ path: WEB, deadlineMs: 20 }))).code, 'DEADLINE')
  assert.equal((await failure(client.open({ path: WEB, deadlineMs: 20 }))).code, 'DEADLINE')
})

test('the deadline of a watch counts until its headers, its signal ends it at any time', async (t) => {
  const { server, client } = await setUp(t)
  const path = pathOf(SERVICES)
  const query = { watch: true, resourceVersion: 1 }
  const stop = new AbortController()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const body = await client.open({ path, query, deadlineMs: 50, signal: stop.signal })
  t.mock.timers.tick(50)
  t.mock.timers.reset()
  assert.equal(body.destroyed, false)
  stop.abort()
  body.on('error', () => undefined)
  await server.until(() => server.watches === 0)

  server.fault = () => true
  assert.equal((await failure(client.open({ path, query, deadlineMs: 20 }))).code, 'DEADLINE')
})

test('a connection is probed while a watch lies on it, so that a peer that is gone is noticed', async (t) => {
  const { client } = await setUp(t)
  const probe = t.mock.method(Socket.prototype, 'setKeepAlive')
  const body = await client.open({ path: pathOf(SERVICES), query: { watch: true, resourceVersion: 1 } })
  assert.ok(probe.mock.calls.some(({ arguments: [enable, ms] }) => enable === true && ms === 10_000))
  body.destroy()
})

test('a signal ends a call that runs, one that waits to be made again, and one that has not begun', async (t) => {
  const { server, client } = await setUp(t)
  server.fault = () => true
  const running = new AbortController()
  const first = failure(client.request({ path: WEB, signal: running.signal }))
  await server.until(() => server.requests.length === 1)
  running.abort()
  await first

  server.fault = (_, response) => (failWith(response, 429, 'TooManyRequests', { 'retry-after': '10' }), true)
  const waiting = new AbortController()
  const second = failure(client.request({ path: WEB, signal: waiting.signal }))
  await server.until(() => server.requests.length === 2)
  waiting.abort()
  await second

  await failure(client.request({ path: WEB, signal: AbortSignal.abort() }))
  assert.equal(server.requests.length, 2)
})

test('calls leave nothing behind in a signal that they share', async (t) => {
  const { client } = await setUp(t)
  const signal = new AbortController().signal
  let listeners = 0
  t.mock.method(signal, 'addEventListener', () => listeners++)
  t.mock.method(signal, 'removeEventListener', () => listeners--)
  for (let call = 0; call < 5; call++) await client.request({ path: WEB, signal })
  assert.equal(listeners, 0)
})
