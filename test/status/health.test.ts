// The health port as strangers meet it: over a real socket, and without a token.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { healthServer } from '../../src/status/index.ts'

const WELL = { notAlive: () => undefined, notReady: () => undefined }

async function listening(t: TestContext, audience: 'everybody' | 'node'): Promise<number> {
  const server = healthServer(WELL, audience)
  await server.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  return (server.server.address() as AddressInfo).port
}

function connections(t: TestContext, port: number, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  for (const socket of sockets) socket.on('error', () => undefined)
  return sockets
}

async function probe(port: number, agent: http.Agent | false): Promise<http.IncomingMessage> {
  const request = http.get({ port, host: '127.0.0.1', path: '/healthz', agent })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  return response
}

test('a connection is for one probe: who asks again and again has to connect again and again', async (t) => {
  const port = await listening(t, 'everybody')
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const { statusCode, headers } = await probe(port, agent)
  assert.deepEqual([statusCode, headers.connection], [200, 'close'])
})

test('a large body is refused, not waited for', async (t) => {
  const [socket] = connections(t, await listening(t, 'everybody'), 1) as [Socket]
  socket.write('POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n')
  socket.write('Content-Length: 1000000\r\n\r\n{')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 413 /)
  await once(socket.resume(), 'close')
})

test('one client cannot take all connections of the pod', async (t) => {
  const sockets = connections(t, await listening(t, 'everybody'), 50)
  let closed = 0
  await new Promise<void>((resolve) => {
    for (const socket of sockets)
      socket.once('close', () => {
        closed++
        if (closed === 2) resolve()
      })
  })
  assert.equal(sockets.filter(({ destroyed }) => !destroyed).length, 48)
})

test('on the loopback of a node, which the kubelet shares, nobody shuts it out', async (t) => {
  const port = await listening(t, 'node')
  const sockets = connections(t, port, 200)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  assert.equal((await probe(port, false)).statusCode, 200)
})
