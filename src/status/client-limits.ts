// How little a stranger may take of a server: small requests, short waits, few connections of one address. Without it one
// client could keep the thread busy that gives out addresses, or its memory full.

import type { RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Nobody sends us anything. */
const BODY_BYTES = 1024
/** A token and a path. */
const HEADER_BYTES = 16 * 1024
const HEADERS_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 10_000
/** Without a byte either way; event streams have a heartbeat. */
const IDLE_TIMEOUT_MS = 60_000
/** Of one address, so that one client does not shut out the others. */
const CONNECTIONS_OF_ONE = 48
/** New ones of one address in the long run: a TLS handshake costs about a millisecond. */
const NEW_OF_ONE_A_SECOND = 20
const REMEMBERED_CLIENTS = 1024

/** As fastify has them. */
export const REQUEST_LIMITS = {
  bodyLimit: BODY_BYTES,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionTimeout: IDLE_TIMEOUT_MS,
  forceCloseConnections: true,
} as const

/** As Node's servers have them. */
export const HEADER_LIMITS = {
  maxHeaderSize: HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: 1000,
} as const

interface Client {
  open: number
  /** Connections that it may open at once; more come with the time. Below 0 it first has to wait. */
  credit: number
  at: number
}

/** A connection too many is closed before its handshake, which would cost us much more than the client. */
export function limitEach(server: Server): void {
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
  refusePipelining(server, ({ remoteAddress = '' }) => {
    const client = clients.get(remoteAddress)
    if (client !== undefined) client.credit = -CONNECTIONS_OF_ONE
  })
}

/**
 * Closes a connection on which a request comes before the last one is answered. Hardly a client sends so, and all of them
 * are to be ready for it (RFC 9112, section 9.3.2); but a thousand such requests fit into what is read at once, and all of
 * them would be worked on, and held back, together.
 */
function refusePipelining(server: Server, onRefused: (socket: Socket) => void): void {
  const answers = new WeakMap<Socket, ServerResponse>()
  const [answer] = server.listeners('request') as [RequestListener]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    const { socket } = request
    if (socket.destroyed) return
    if (answers.get(socket)?.writableEnded === false) {
      onRefused(socket)
      socket.destroy()
      return
    }
    answers.set(socket, response)
    answer(request, response)
  })
}

function forgetIdle(clients: Map<string, Client>): void {
  for (const [address, { open }] of clients) if (open === 0) clients.delete(address)
}
