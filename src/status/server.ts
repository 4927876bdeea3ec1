// An HTTP server that strangers may talk to: small requests, short waits, few connections.

import type { ServerResponse } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { HEADER_LIMITS, limitEach, REQUEST_LIMITS } from './client-limits.ts'
import { answerFrameworkError, answerWithProblems, Problem } from './problem.ts'

/** Of all clients. */
const CONNECTIONS = 128
/** Kubernetes' own limit for names. */
const NAME_LENGTH = 253

export interface ServerInit {
  /** Hears of answers that could not be made: defects of ours. */
  readonly onDefect: (error: Error) => void
  readonly access: Access
}

/** Over HTTPS `check` throws a `Problem` for whom may not look; the plain loopback is for those who are on it already. */
export type Access =
  | {
      readonly kind: 'https'
      readonly tls: SecureContextOptions
      readonly check: (request: Pick<FastifyRequest, 'url' | 'headers'>) => Promise<void>
    }
  | { readonly kind: 'loopback' }

export function httpServer({ access, onDefect }: ServerInit): FastifyInstance {
  const options = {
    ...REQUEST_LIMITS,
    routerOptions: { maxParamLength: NAME_LENGTH },
    // A parameter that we do not know is a mistake that should be told.
    frameworkErrors: answerFrameworkError,
    ajv: { customOptions: { removeAdditional: false } },
  } as const
  const server = (
    access.kind === 'loopback'
      ? fastify({ ...options, http: HEADER_LIMITS })
      : fastify({
          ...options,
          https: { ...HEADER_LIMITS, ...access.tls, handshakeTimeout: HEADER_LIMITS.headersTimeout },
        })
  ) as FastifyInstance
  // Node would answer by itself, before anybody is asked for a token, and go on listening.
  server.server.on('checkExpectation', (_, response: ServerResponse) => {
    response.writeHead(417, { connection: 'close' }).end()
  })
  answerWithProblems(server, onDefect)
  server.server.maxConnections = CONNECTIONS
  if (access.kind === 'https') {
    const { check } = access
    limitEach(server.server)
    server.addHook('onRequest', (request) => check(request))
  } else {
    server.addHook('onRequest', async ({ headers }) => requireLoopbackName(headers.host))
  }
  server.addHook('onSend', async (_, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store')
  })
  return server
}

/** A page of another host, whose name somebody made to mean 127.0.0.1, is not to read with the browser's hands. */
function requireLoopbackName(host = ''): void {
  if (/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host)) return
  throw new Problem('MisdirectedRequest', 'ask for http://localhost, as kubectl port-forward says')
}
