import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { ApiClient } from '../../src/kube/client.ts'
import { SERVICES } from '../../src/kube/collections.ts'
import { loadCredentials, loadPersonalCredentials } from '../../src/kube/credentials.ts'
import { ApiUnreachable, NotConfigured } from '../../src/kube/errors.ts'
import { pathOf } from '../../src/kube/resource.ts'
import { FIRST, SECOND } from './certificates.ts'
import { failWith, type FakeApiServer, startApiServer } from './fake-api-server.ts'

const path = pathOf(SERVICES)
const watch = { watch: true, resourceVersion: 1 }

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'kube-test-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return dir
}

function kubeconfig(dir: string, cluster: object, user: object): string {
  const file = join(dir, 'config')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(file, stringify(config))
  return file
}

/** A client's environment variables for the length of a test. */
function environment(t: TestContext, values: Record<string, string | undefined>): void {
  const before = { ...process.env }
  t.after(() => (process.env = before))
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

/** As if the time in which nothing is read anew had passed. */
function passRefreshTime(t: TestContext): void {
  const now = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => now() + 31_000)
}

function clusterOf({ url }: FakeApiServer): object {
  return { server: url, 'certificate-authority-data': btoa(FIRST.cert) }
}

async function clientOf(t: TestContext, file: string): Promise<ApiClient> {
  const client = new ApiClient(await loadCredentials(file))
  t.after(() => client.stop())
  return client
}

test('without any configuration the remedy is told', async (t) => {
  environment(t, { HOME: folder(t), KUBECONFIG: undefined, KUBERNETES_SERVICE_HOST: undefined })
  await assert.rejects(loadCredentials(), {
    name: 'NotConfigured',
    message: /run in a pod or give --kubeconfig FILE/,
  })
})

test('a kubeconfig that is missing, no YAML, or leads nowhere is told by its name', async (t) => {
  const dir = folder(t)
  const missing = join(dir, 'missing')
  await assert.rejects(loadCredentials(missing), { name: 'NotConfigured', message: /missing: ENOENT/ })
  const garbage = join(dir, 'garbage')
  writeFileSync(garbage, '{ [')
  await assert.rejects(loadCredentials(garbage), { name: 'NotConfigured', message: /cannot use .*garbage/ })
  const empty = join(dir, 'empty')
  writeFileSync(empty, 'clusters: []\nusers: []\ncontexts: []\ncurrent-context: nowhere\n')
  await assert.rejects(loadCredentials(empty), {
    name: 'NotConfigured',
    message: /"nowhere" leads to no cluster/,
  })
  await assert.rejects(loadCredentials(kubeconfig(dir, { server: 'not a URL' }, {})), NotConfigured)
  writeFileSync(empty, 'hello')
  await assert.rejects(loadCredentials(empty), {
    name: 'NotConfigured',
    message: /it has no current context/,
  })
  const file = kubeconfig(dir, { server: 'https://127.0.0.1:1' }, {})
  writeFileSync(file, readFileSync(file, 'utf8').replace('user: u', 'user: nobody'))
  await assert.rejects(loadCredentials(file), { name: 'NotConfigured', message: /no user "nobody"/ })
})

test('$KUBECONFIG is read when no file is named, and a named file wins', async (t) => {
  const file = kubeconfig(folder(t), { server: 'https://from-environment:6443/' }, {})
  environment(t, { KUBECONFIG: file, KUBERNETES_SERVICE_HOST: undefined })
  assert.equal((await loadCredentials()).server, 'https://from-environment:6443')
  const named = kubeconfig(folder(t), { server: 'https://named:6443' }, {})
  assert.equal((await loadCredentials(named)).server, 'https://named:6443')
})

test('a person’s context other than the current one leads to its cluster and namespace', async (t) => {
  const file = join(folder(t), 'config')
  const cluster = (name: string): object => ({ name, cluster: { server: `https://${name}:6443` } })
  const context = (name: string): object => ({
    name,
    context: { cluster: name, user: 'u', namespace: `in-${name}` },
  })
  const config = {
    clusters: [cluster('one'), cluster('two')],
    users: [{ name: 'u', user: {} }],
    contexts: [context('one'), context('two')],
    'current-context': 'one',
  }
  writeFileSync(file, stringify(config))
  const { server, namespace } = await loadPersonalCredentials({ kubeconfig: file })
  assert.deepEqual([server, namespace], ['https://one:6443', 'in-one'])
  const other = await loadPersonalCredentials({ kubeconfig: file, context: 'two' })
  assert.deepEqual([other.server, other.namespace], ['https://two:6443', 'in-two'])
  await assert.rejects(loadPersonalCredentials({ kubeconfig: file, context: 'three' }), {
    name: 'NotConfigured',
    message: /no context "three"; it has one, two/,
  })
})

test('a token with a newline at its end is sent without it', async (t) => {
  const server = await startApiServer(t, FIRST)
  const file = kubeconfig(folder(t), clusterOf(server), { token: 'secret\n' })
  await (await clientOf(t, file)).request({ path })
  assert.equal(server.requests[0]?.headers.authorization, 'Bearer secret')
})

test('name and password are sent as basic authentication', async (t) => {
  const server = await startApiServer(t, FIRST)
  const file = kubeconfig(folder(t), clusterOf(server), { username: 'me', password: 'secret' })
  await (await clientOf(t, file)).request({ path })
  assert.equal(server.requests[0]?.headers.authorization, `Basic ${btoa('me:secret')}`)
})

test('a token file that was replaced is read anew when the server refuses the old token', async (t) => {
  const server = await startApiServer(t, FIRST)
  const dir = folder(t)
  const tokenFile = join(dir, 'token')
  writeFileSync(tokenFile, 'old')
  const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }
  const client = await clientOf(t, kubeconfig(dir, clusterOf(server), user))
  let valid = 'old'
  server.fault = ({ headers }, response) => {
    if (headers.authorization === `Bearer ${valid}`) return false
    failWith(response, 401, 'Unauthorized')
    return true
  }
  await client.request({ path })
  valid = 'new'
  writeFileSync(tokenFile, 'new\n')
  await assert.rejects(client.request({ path }), { status: 401 })
  await client.request({ path })
  assert.equal(server.connections, 1)
})

test('a file that is read for the credentials and missing for a while makes calls fail, and only so long', async (t) => {
  const server = await startApiServer(t, FIRST)
  const dir = folder(t)
  const tokenFile = join(dir, 'token')
  const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }
  const client = await clientOf(t, kubeconfig(dir, clusterOf(server), user))
  await assert.rejects(
    client.request({ path }),
    (error) => error instanceof ApiUnreachable && error.code === 'ENOENT',
  )
  writeFileSync(tokenFile, 'token')
  await client.request({ path })
})

test('a server with a certificate that the CA has not signed is not spoken to', async (t) => {
  const server = await startApiServer(t, SECOND)
  const dir = folder(t)
  writeFileSync(join(dir, 'ca.crt'), FIRST.cert)
  const file = kubeconfig(dir, { server: server.url, 'certificate-authority': 'ca.crt' }, { token: 'secret' })
  await assert.rejects((await clientOf(t, file)).request({ path }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  assert.equal(server.requests.length, 0)
})

test('a replaced CA file serves new connections, and what is under way on the old ones goes on', async (t) => {
  const server = await startApiServer(t, FIRST)
  const dir = folder(t)
  const ca = join(dir, 'ca.crt')
  writeFileSync(ca, FIRST.cert)
  const file = kubeconfig(dir, { server: server.url, 'certificate-authority': ca }, { token: 'secret' })
  const client = await clientOf(t, file)
  const body = await client.open({ path, query: watch })
  await client.request({ path })
  assert.equal(server.connections, 2)
  server.replaceCertificate(SECOND)
  writeFileSync(ca, SECOND.cert)
  passRefreshTime(t)
  await client.request({ path })
  await client.request({ path })
  assert.equal(server.connections, 3)
  assert.equal(server.watches, 1)
  body.destroy()
})

test('credentials that are read anew and have not changed keep the connections', async (t) => {
  const server = await startApiServer(t, FIRST)
  const dir = folder(t)
  writeFileSync(join(dir, 'ca.crt'), FIRST.cert)
  const client = await clientOf(
    t,
    kubeconfig(dir, { server: server.url, 'certificate-authority': 'ca.crt' }, { token: 'secret' }),
  )
  await client.request({ path })
  passRefreshTime(t)
  await client.request({ path })
  assert.equal(server.connections, 1)
})

test('a tokenFile is found beside its kubeconfig, counts more than a token, and is read anew', async (t) => {
  const server = await startApiServer(t, FIRST)
  const dir = folder(t)
  const client = await clientOf(t, kubeconfig(dir, clusterOf(server), { token: 'older', tokenFile: 'token' }))
  await assert.rejects(client.request({ path }), { code: 'ENOENT', message: /token'$/ })
  writeFileSync(join(dir, 'token'), 'first\n')
  await client.request({ path })
  writeFileSync(join(dir, 'token'), 'second\n')
  passRefreshTime(t)
  await client.request({ path })
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    ['Bearer first', 'Bearer second'],
  )
})
