// The servers of the two programs: what each of them shows.

import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { serveApi, type StatusSource } from './api.ts'
import { httpServer, type ServerInit } from './server.ts'

/** The speaker's: metrics, and at `/` the list of its routes. */
export function metricsServer(registry: Registry, init: ServerInit): FastifyInstance {
  const server = httpServer(init)
  const routes: string[] = []
  server.addHook('onRoute', ({ method, url }) => {
    if (method === 'GET') routes.push(url)
  })
  server.get('/', async () => ({ routes }))
  serveMetrics(server, registry)
  return server
}

/** The controller's: the status API and the metrics. */
export function statusServer(source: StatusSource, registry: Registry, init: ServerInit): FastifyInstance {
  const server = httpServer(init)
  serveApi(server, source)
  serveMetrics(server, registry)
  return server
}

function serveMetrics(server: FastifyInstance, registry: Registry): void {
  server.get('/metrics', async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}
