import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { Secret } from '../../src/api/index.ts'
import { HelloSecret } from '../../src/controller/hello-secret.ts'
import { ApiClient, Term } from '../../src/kube/index.ts'
import { failWith, type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'

const NAMESPACE = 'metallb-system'
const NAME = 'memberlist'
const log = pino({ level: 'silent' })

function begin(t: TestContext, server: FakeApiServer, term = new Term(() => 0, Infinity)): HelloSecret {
  const client = new ApiClient(server.credentials)
  const secret = new HelloSecret({ client, log, term }, { namespace: NAMESPACE, name: NAME })
  t.after(async () => {
    await secret.stop()
    client.stop()
  })
  secret.start()
  return secret
}

function secretOf(server: FakeApiServer): Secret | undefined {
  return server.get('secrets', NAMESPACE, NAME) as Secret | undefined
}

/** The key as the speakers read it. */
function textOf(server: FakeApiServer): string {
  return Buffer.from(secretOf(server)?.data?.secretkey ?? '', 'base64').toString()
}

function creations({ requests }: FakeApiServer): number {
  return requests.filter(({ method }) => method === 'POST').length
}

test('a Secret that is missing is made: 32 random bytes as base64, and no owner', async (t) => {
  const server = await startApiServer(t)
  begin(t, server)
  await server.until(() => secretOf(server) !== undefined)
  const { type, data, metadata } = secretOf(server) ?? {}
  assert.deepEqual([type, Object.keys(data ?? {})], ['Opaque', ['secretkey']])
  assert.match(textOf(server), /^[A-Za-z0-9+/]{43}=$/)
  assert.equal(metadata?.ownerReferences, undefined)
})

test('one that is there is left alone, whatever is in it', async (t) => {
  const server = await startApiServer(t)
  server.set('secrets', { metadata: { namespace: NAMESPACE, name: NAME } })
  begin(t, server)
  await server.until(() => server.watches === 1)
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['GET', 'GET'],
  )
})

test('one of another name does not count', async (t) => {
  const server = await startApiServer(t)
  server.set('secrets', { metadata: { namespace: NAMESPACE, name: 'other' } })
  begin(t, server)
  await server.until(() => secretOf(server) !== undefined)
})

test('one that is deleted is made again, with another key', async (t) => {
  const server = await startApiServer(t)
  begin(t, server)
  await server.until(() => secretOf(server) !== undefined && server.watches === 1)
  const before = textOf(server)
  server.remove('secrets', NAMESPACE, NAME)
  await server.until(() => secretOf(server) !== undefined)
  assert.notEqual(textOf(server), before)
})

test('who finds that another was faster leaves it at that', async (t) => {
  const server = await startApiServer(t)
  const theirs = { metadata: { namespace: NAMESPACE, name: NAME }, data: { secretkey: 'dGhlaXJz' } }
  server.fault = ({ method }) => {
    if (method === 'POST' && secretOf(server) === undefined) server.set('secrets', theirs)
    return false
  }
  const secret = begin(t, server)
  await server.until(() => creations(server) === 1)
  await secret.stop()
  assert.deepEqual([textOf(server), creations(server)], ['theirs', 1])
})

test('a server that refuses is asked again', async (t) => {
  const server = await startApiServer(t)
  server.fault = ({ method }, response) => {
    if (method !== 'POST' || creations(server) > 1) return false
    failWith(response, 500, 'InternalError')
    return true
  }
  begin(t, server)
  await server.until(() => secretOf(server) !== undefined)
  assert.equal(creations(server), 2)
})

test('nothing is made after the end of the term', async (t) => {
  const server = await startApiServer(t)
  const term = new Term(() => 0, Infinity)
  server.fault = ({ query }) => {
    if (query.get('watch') === null) term.end()
    return false
  }
  begin(t, server, term)
  await server.until(() => server.watches === 1)
  assert.equal(creations(server), 0)
})
