// The server as strangers meet it: over a real socket.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import { metricsRegistry, controllerServer } from '../../src/status/index.ts'
import { renewCertificate } from '../../src/status/certificate.ts'
import { Problem } from '../../src/status/problem.ts'
import { type KeyAndCertificate, selfSigned } from '../../src/status/self-signed.ts'
import { sourceOf } from './source.ts'

async function listening(t: TestContext, certificate: KeyAndCertificate) {
  const check = async ({ headers }: { headers: http.IncomingHttpHeaders }): Promise<void> => {
    if (headers.authorization !== 'Bearer good') throw new Problem('Unauthenticated', 'no')
  }
  const access = { kind: 'https', tls: { minVersion: 'TLSv1.3', ...certificate }, check } as const
  const server = controllerServer(sourceOf(), metricsRegistry(), {
    access,
    page: '',
    onDefect: assert.ifError,
  })
  await server.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  return { server, port: (server.server.address() as AddressInfo).port }
}

async function get(port: number, options: https.RequestOptions): Promise<http.IncomingMessage> {
  const request = https.get({ port, host: '127.0.0.1', servername: 'localhost', agent: false, ...options })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  return response
}

test('without a token nothing is shown, not even what there is', async (t) => {
  const certificate = selfSigned(['localhost'], Date.now())
  const { port } = await listening(t, certificate)
  for (const path of ['/', '/metrics', '/no-such']) {
    const refused = await get(port, { path, ca: certificate.cert })
    assert.deepEqual([refused.statusCode, refused.headers['www-authenticate']], [401, 'Bearer'], path)
  }
  const headers = { authorization: 'Bearer good' }
  assert.equal((await get(port, { path: '/metrics', ca: certificate.cert, headers })).statusCode, 200)
})

test('what is refused before a token is asked for ends the connection', async (t) => {
  const { port } = await listening(t, selfSigned(['localhost'], Date.now()))
  const agent = new https.Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const options = { rejectUnauthorized: false, agent }
  for (const [path, status] of [
    ['/%', 400],
    [`/api/v1/pools/${'x'.repeat(300)}`, 400],
  ] as const) {
    const { statusCode, headers } = await get(port, { ...options, path })
    assert.deepEqual([statusCode, headers.connection], [status, 'close'], path)
  }
  const { statusCode, headers } = await get(port, { ...options, headers: { expect: 'something' } })
  assert.deepEqual([statusCode, headers.connection], [417, 'close'])
})

test('who does not wait for an answer gets none: no connection has two requests at a time', async (t) => {
  const { port } = await listening(t, selfSigned(['localhost'], Date.now()))
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  socket.on('error', () => undefined)
  let answer = ''
  socket.on('data', (data: Buffer) => (answer += data.toString()))
  await once(socket, 'secureConnect')
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  await once(socket, 'close')
  assert.equal(answer, '')
  await assert.rejects(get(port, { rejectUnauthorized: false }), 'and for a while no other connection')
})

test('one connection serves one request after the other', async (t) => {
  const { port } = await listening(t, selfSigned(['localhost'], Date.now()))
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  t.after(() => agent.destroy())
  const options = { agent, path: '/metrics', headers: { authorization: 'Bearer good' } }
  const sockets = new Set<Socket>()
  for (let count = 0; count < 3; count++) {
    const response = await get(port, options)
    sockets.add(response.socket)
    assert.equal(response.statusCode, 200)
    await once(response, 'end')
  }
  assert.equal(sockets.size, 1)
})

test('plain HTTP and old TLS get no answer', async (t) => {
  const { port } = await listening(t, selfSigned(['localhost'], Date.now()))
  await assert.rejects(once(http.get({ port, host: '127.0.0.1' }), 'response'))
  await assert.rejects(get(port, { rejectUnauthorized: false, maxVersion: 'TLSv1.2' }))
})

test('a certificate that is replaced on disk is used for connections to come', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = ({ key, cert }: KeyAndCertificate): void => {
    writeFileSync(join(folder, 'tls.key'), key)
    writeFileSync(join(folder, 'tls.crt'), cert)
  }
  const [first, second] = [selfSigned(['localhost'], Date.now()), selfSigned(['localhost'], Date.now())]
  const { server, port } = await listening(t, first)
  write(second)
  const renewing = renewCertificate(
    server.server as https.Server,
    { log: pino({ level: 'silent' }), tls: { minVersion: 'TLSv1.3' } },
    { folder, dnsNames: [] },
  )
  await renewing.start()
  t.after(() => renewing.stop())
  assert.equal((await get(port, { ca: second.cert })).statusCode, 401)
})

test('on the loopback only its own names are served: no page of another host reads with a browser’s hands', async () => {
  const server = controllerServer(sourceOf(), metricsRegistry(), {
    access: { kind: 'loopback' },
    page: '',
    onDefect: assert.ifError,
  })
  for (const [host, status] of [
    ['localhost:9121', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:1', 200],
    ['evil.example:9121', 421],
    ['localhost.evil.example', 421],
  ] as const) {
    assert.equal((await server.inject({ url: '/api/v1/pools', headers: { host } })).statusCode, status, host)
  }
})

test('one client cannot take all connections', async (t) => {
  const { port } = await listening(t, selfSigned(['localhost'], Date.now()))
  const sockets = Array.from({ length: 60 }, () => connect(port, '127.0.0.1'))
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  let closed = 0
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.once('close', () => {
        closed++
        if (closed === 12) resolve()
      })
    }
  })
  assert.equal(sockets.filter(({ destroyed }: Socket) => !destroyed).length, 48)
})

test('a body that is sent all the same is not read to its end', async () => {
  const server = controllerServer(sourceOf(), metricsRegistry(), {
    access: { kind: 'loopback' },
    page: '',
    onDefect: assert.ifError,
  })
  const payload = 'x'.repeat(5000)
  const { statusCode } = await server.inject({
    method: 'POST',
    url: '/api/v1/pools',
    headers: { 'content-type': 'application/json' },
    payload,
  })
  assert.equal(statusCode, 400)
})
