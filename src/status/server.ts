// An HTTP server that strangers may talk to: small requests, short waits, few connections.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { answerFrameworkError, answerWithProblems, Problem } from './problem.ts'

/** Nobody sends us anything. */
const BODY_BYTES = 1024
/** A token and a path. */
const HEADER_BYTES = 16 * 1024
const HEADERS_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 10_000
/** Without a byte either way; event streams have a heartbeat. */
const IDLE_TIMEOUT_MS = 60_000
const CONNECTIONS = 128
/** Of one address, so that one client does not shut out the others. */
const CONNECTIONS_OF_ONE = 48
/** New ones of one address in the long run: a TLS handshake costs about a millisecond. */
const NEW_OF_ONE_A_SECOND = 20
const REMEMBERED_CLIENTS = 1024
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
  const limits = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  }
  const options = {
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: NAME_LENGTH },
    // A parameter that we do not know is a mistake that should be told.
    frameworkErrors: answerFrameworkError,
    ajv: { customOptions: { removeAdditional: false } },
  } as const
  const server = (
    access.kind === 'loopback'
      ? fastify({ ...options, http: limits })
      : fastify({ ...options, https: { ...limits, ...access.tls, handshakeTimeout: HEADERS_TIMEOUT_MS } })
  ) as FastifyInstance
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

interface Client {
  open: number
  /** Connections that it may open at once; more come with the time. */
  credit: number
  at: number
}

/** A connection too many is closed before its handshake, which would cost us much more than the client. */
function limitEach(server: Server): void {
  const clients = new Map<string, Client>()
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '' } = socket
    const now = performance.now()
    const client = clients.get(remoteAddress) ?? { open: 0, credit: CONNECTIONS_OF_ONE, at: now }
    clients.set(remoteAddress, client)
    const earned = ((now - client.at) / 1000) * NEW_OF_ONE_A_SECOND
    client.credit = Math.min(CONNECTIONS_OF_ONE, client.credit + earned)
    client.at = now
    client.open++
    socket.once('close', () => client.open--)
    if (client.open > CONNECTIONS_OF_ONE || client.credit < 1) socket.destroy()
    else client.credit--
    if (clients.size > REMEMBERED_CLIENTS) forgetIdle(clients)
  })
}

function forgetIdle(clients: Map<string, Client>): void {
  for (const [address, { open }] of clients) if (open === 0) clients.delete(address)
}
