import assert from 'node:assert/strict'
import { Server } from 'node:http'
import { type AddressInfo, createServer, type ListenOptions } from 'node:net'
import test, { type TestContext } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { listenOn } from '../../src/status/index.ts'

/** What a kernel started with ipv6.disable=1 answers. */
class WithoutIPv6 extends Server {
  override listen(...args: unknown[]): this {
    const [{ host }] = args as [ListenOptions]
    if (host?.includes(':') !== true) return super.listen(...(args as [ListenOptions]))
    const error = new Error(`listen EAFNOSUPPORT: address family not supported ${host}`)
    process.nextTick(() => this.emit('error', Object.assign(error, { code: 'EAFNOSUPPORT' })))
    return this
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function answering(t: TestContext, server: FastifyInstance): FastifyInstance {
  server.get('/', async () => 'here')
  t.after(() => server.close())
  return server
}

test('where the kernel has no IPv6, a server of all addresses listens on those of IPv4', async (t) => {
  const server = answering(t, fastify({ serverFactory: (handler) => new WithoutIPv6(handler) }))
  const port = await freePort()
  await listenOn([{ server, port, host: '::' }]).start()
  const response = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(await response.text(), 'here')
})

test('a port that is taken is told, and nothing else is listened on', async (t) => {
  const port = await freePort()
  await listenOn([{ server: answering(t, fastify()), port, host: '::' }]).start()
  const second = listenOn([{ server: answering(t, fastify()), port, host: '::' }])
  await assert.rejects(async () => second.start(), new RegExp(`EADDRINUSE.*:::${port}`))
})
