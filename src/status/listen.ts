// The servers of one process: started together, stopped together.

import type { FastifyInstance } from 'fastify'
import type { Startable } from '../kube/index.ts'

interface Listening {
  server: FastifyInstance
  /** 0: this server is switched off. */
  port: number
  host: string
}

/** `start` rejects when a port is taken; the error names address and port. */
export function listenOn(servers: readonly Listening[]): Startable {
  return {
    async start() {
      for (const { server, port, host } of servers) if (port !== 0) await server.listen({ port, host })
    },
    async stop() {
      await Promise.all(servers.map(({ server }) => server.close()))
    },
  }
}
