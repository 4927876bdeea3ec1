import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { ApiClient } from '../../src/kube/client.ts'
import { SERVICES } from '../../src/kube/collections.ts'
import { loadCredentials } from '../../src/kube/credentials.ts'
import { impersonating } from '../../src/kube/impersonation.ts'
import { pathOf } from '../../src/kube/resource.ts'
import { FIRST } from './certificates.ts'
import { startApiServer } from './fake-api-server.ts'

const path = pathOf(SERVICES)
const TRUST = { 'certificate-authority-data': btoa(FIRST.cert) }

/** Of a server that listens on the loopback until the test is over. */
async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

function joined(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one)
  for (const socket of [one, other]) {
    socket.on('error', () => undefined)
    socket.on('close', () => [one, other].forEach((each) => each.destroy()))
  }
}

/** A client whose kubeconfig names the proxy. */
async function clientBehind(
  t: TestContext,
  proxy: string,
  server: string,
  trust: object = TRUST,
): Promise<ApiClient> {
  const dir = mkdtempSync(join(tmpdir(), 'proxy-test-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'config')
  const cluster = { server, ...trust, 'proxy-url': proxy }
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(file, stringify(config))
  const client = new ApiClient(impersonating(await loadCredentials(file), { user: 'somebody' }))
  t.after(() => client.stop())
  return client
}

test('the API server is reached through the proxy of the kubeconfig, over one connection', async (t) => {
  const server = await startApiServer(t, FIRST)
  const asked: string[] = []
  const proxy = http.createServer().on('connect', ({ url = '', headers }, inside: Socket) => {
    asked.push(`${url} ${headers['proxy-authorization']}`)
    const { hostname, port } = new URL(`http://${url}`)
    const outside = connect(Number(port), hostname, () => {
      inside.write('HTTP/1.1 200 OK\r\n\r\n')
      joined(inside, outside)
    })
  })
  const client = await clientBehind(t, `http://me:pass@127.0.0.1:${await portOf(t, proxy)}`, server.url)
  for (let call = 0; call < 3; call++) await client.request({ path })
  assert.deepEqual(asked, [`${new URL(server.url).host} Basic ${btoa('me:pass')}`])
  assert.deepEqual(
    server.requests.map(({ headers }) => [headers.authorization, headers['impersonate-user']]),
    [0, 1, 2].map(() => ['Bearer secret', 'somebody']),
  )
})

test('a SOCKS proxy is asked by the name of the API server, which it alone may know', async (t) => {
  const server = await startApiServer(t, FIRST)
  const { port } = new URL(server.url)
  const asked: string[] = []
  // RFC 1928: a greeting, answered with "no authentication"; then CONNECT (1) to a domain name (3).
  const proxy = createServer((inside) => {
    inside.once('data', () => {
      inside.write(Buffer.from([5, 0]))
      inside.once('data', (request: Buffer) => {
        asked.push(request.subarray(5, -2).toString())
        const outside = connect(Number(port), '127.0.0.1', () => {
          inside.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          joined(inside, outside)
        })
      })
    })
  })
  const url = `socks5://127.0.0.1:${await portOf(t, proxy)}`
  const blind = { 'insecure-skip-tls-verify': true }
  const client = await clientBehind(t, url, `https://localhost:${port}`, blind)
  for (let call = 0; call < 2; call++) await client.request({ path })
  assert.deepEqual(asked, ['localhost'])
})

test('where the proxy is not there or refuses, it is named', async (t) => {
  const nobody = await clientBehind(t, 'http://127.0.0.1:1', 'https://127.0.0.1:2')
  await assert.rejects(nobody.request({ path }), {
    code: 'ECONNREFUSED',
    message: /by the proxy 127\.0\.0\.1:1: .*ECONNREFUSED/,
  })
  const proxy = http.createServer().on('connect', (_, inside: Socket) => {
    inside.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  })
  const host = `127.0.0.1:${await portOf(t, proxy)}`
  const refused = await clientBehind(t, `http://me:pass@${host}`, 'https://127.0.0.1:2')
  await assert.rejects(refused.request({ path }), { message: new RegExp(`by the proxy ${host}: .*407`) })
})

test('a proxy of a kind that is not known is refused before anything is sent', async (t) => {
  for (const url of ['ftp://me:pass@127.0.0.1', '127.0.0.1:3128', 'proxy'])
    await assert.rejects(clientBehind(t, url, 'https://127.0.0.1:2'), {
      name: 'NotConfigured',
      message: /^the proxy-url of cluster "c" in \S+ leads to no proxy: it begins with http/,
    })
})
