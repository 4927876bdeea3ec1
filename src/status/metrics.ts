// The metrics of one process and the server that shows them.

import fastify, { type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'

/** A registry with the metrics of the process itself: CPU, memory, delay of the event loop. */
export function metricsRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** Serves `/metrics`, and at `/` the list of its routes, those added later too. */
export function metricsServer(registry: Registry): FastifyInstance {
  const server = fastify()
  const routes: string[] = []
  server.addHook('onRoute', ({ method, url }) => {
    if (method === 'GET') routes.push(url)
  })
  server.get('/', async () => ({ routes }))
  server.get('/metrics', async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  return server
}
