// The servers of one process: started together, stopped together.

import type { FastifyInstance } from 'fastify'
import type { Startable } from '../kube/index.ts'

interface Listening {
  server: FastifyInstance
  /** 0: this server is switched off. */
  port: number
  /** `::` is every address of the machine, IPv4 too; where the kernel has no IPv6, those of IPv4. */
  host: '::' | '127.0.0.1'
}

/** With ipv6.disable=1 on the kernel's command line there is no such socket. */
const WITHOUT_IPV6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/** `start` rejects when a port is taken; the error names address and port. */
export function listenOn(servers: readonly Listening[]): Startable {
  return {
    async start() {
      for (const each of servers) if (each.port !== 0) await listen(each)
    },
    async stop() {
      await Promise.all(servers.map(({ server }) => server.close()))
    },
  }
}

async function listen({ server, port, host }: Listening): Promise<void> {
  try {
    await server.listen({ port, host })
  } catch (error) {
    if (host !== '::' || !WITHOUT_IPV6.has((error as NodeJS.ErrnoException).code)) throw error
    await server.listen({ port, host: '0.0.0.0' })
  }
}
