// An HTTP server that strangers may talk to: small requests, short waits, few connections.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import { answerFrameworkError, answerWithProblems } from './problem.ts'

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
/** Kubernetes' own limit for names. */
const NAME_LENGTH = 253

export interface ServerInit {
  /** Hears of answers that could not be made: defects of ours. */
  readonly onDefect: (error: Error) => void
  /** Absent: plain HTTP. */
  readonly tls?: SecureContextOptions
  /** All clients have the same address. */
  readonly loopback?: boolean
}

export function httpServer({ tls, loopback = false, onDefect }: ServerInit): FastifyInstance {
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
    tls === undefined
      ? fastify({ ...options, http: limits })
      : fastify({ ...options, https: { ...limits, ...tls, handshakeTimeout: HEADERS_TIMEOUT_MS } })
  ) as FastifyInstance
  answerWithProblems(server, onDefect)
  server.server.maxConnections = CONNECTIONS
  if (!loopback) limitEach(server.server, CONNECTIONS_OF_ONE)
  return server
}

function limitEach(server: Server, most: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '' } = socket
    const count = (open.get(remoteAddress) ?? 0) + 1
    open.set(remoteAddress, count)
    socket.once('close', () => {
      const left = (open.get(remoteAddress) ?? 1) - 1
      if (left === 0) open.delete(remoteAddress)
      else open.set(remoteAddress, left)
    })
    if (count > most) socket.destroy()
  })
}
