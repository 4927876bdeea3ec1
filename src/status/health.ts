// /healthz and /readyz: does the process live, does it do its job. Plain text, for the kubelet and for people.

import fastify, { type FastifyInstance } from 'fastify'
import { HEADER_LIMITS, limitEach, REQUEST_LIMITS } from './client-limits.ts'

export interface Health {
  /** Undefined when all is well, else what is wrong. A process that is not alive is started again. */
  notAlive(): string | undefined
  /** Undefined when it does its job, else what it waits for. */
  notReady(): string | undefined
}

/**
 * Nobody shows a token here. Where everybody reaches it, each address has its few connections, and each of them is for one
 * probe, as the kubelet asks; there is no limit for all, by which strangers would shut it out. On the loopback of a node it
 * has the same address as others, and none is counted.
 */
export function healthServer(health: Health, audience: 'everybody' | 'node'): FastifyInstance {
  const server = fastify({ ...REQUEST_LIMITS, maxRequestsPerSocket: 1, http: HEADER_LIMITS })
  if (audience === 'everybody') limitEach(server.server)
  const route = (path: string, problem: () => string | undefined): void => {
    server.get(path, async (_, reply) => {
      const found = problem()
      return reply
        .code(found === undefined ? 200 : 503)
        .type('text/plain')
        .send(`${found ?? 'ok'}\n`)
    })
  }
  route('/healthz', () => health.notAlive())
  route('/readyz', () => health.notReady())
  return server
}
