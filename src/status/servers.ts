// The servers of the two programs: what each of them shows.

import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { serveControllerApi, type StatusSource } from './controller-api.ts'
import { serveSpeakerApi, type SpeakerSource } from './speaker-api.ts'
import { servePage } from './page.ts'
import { httpServer, type ServerInit } from './server.ts'

/** The speaker's: its status API and the metrics. */
export function speakerServer(source: SpeakerSource, registry: Registry, init: ServerInit): FastifyInstance {
  const server = httpServer(init)
  serveSpeakerApi(server, source)
  serveMetrics(server, registry)
  return server
}

/** The controller's: the page, the status API and the metrics. */
export function controllerServer(
  source: StatusSource,
  registry: Registry,
  { page, ...init }: ServerInit & { readonly page: string },
): FastifyInstance {
  const server = httpServer(init)
  servePage(server, page)
  serveControllerApi(server, source)
  serveMetrics(server, registry)
  return server
}

function serveMetrics(server: FastifyInstance, registry: Registry): void {
  server.get('/metrics', async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}
