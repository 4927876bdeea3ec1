// /healthz and /readyz: does the process live, does it do its job. Plain text, for the kubelet and for people.

import fastify, { type FastifyInstance } from 'fastify'

export interface Health {
  /** Undefined when all is well, else what is wrong. A process that is not alive is started again. */
  notAlive(): string | undefined
  /** Undefined when it does its job, else what it waits for. */
  notReady(): string | undefined
}

export function healthServer(health: Health): FastifyInstance {
  const server = fastify()
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
