// Requests to the API server: raw JSON objects over a few connections that stay open, each with a deadline.

import http from 'node:http'
import https from 'node:https'
import { setTimeout } from 'node:timers/promises'
import type { Access, Credentials } from './access.ts'
import { Deadline, orAborted } from './deadline.ts'
import { ApiError, apiErrorOf, ApiUnreachable, TermOver } from './errors.ts'
import type { Startable } from './startable.ts'

const DEADLINE_MS = 15_000
/** A call that the server puts off (429 or 503 with Retry-After) is made so often, within its deadline. */
const ATTEMPTS = 4
/** With Node's probes once a second this notices a peer that is gone within about 20 s. */
const TCP_KEEP_ALIVE_MS = 10_000
/** Unused connections are closed before the server does it (after 90 s), lest a request meets the closing. */
const UNUSED_CONNECTION_MS = 60_000

/** How a body changes an object; the server tells them apart by content type. */
export const PATCH = {
  merge: 'application/merge-patch+json',
  /** Merges lists that have keys, such as conditions; built-in kinds only. */
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml', // JSON is YAML
} as const

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  /** The body as JSON text, for numbers that JavaScript cannot say. */
  text?: string
  contentType?: string
  /** Until the whole answer is there; default 15 s. */
  deadlineMs?: number
  signal?: AbortSignal
  /** Called at the last moment before it is sent, and before it is sent again; what this throws ends the call. */
  beforeSend?: () => void
}

/** What became of one request on the wire; a call may make several. */
export interface Answered {
  method: string
  /** HTTP status as text, or `unreachable`. */
  code: string
  /** Until the headers of the answer. */
  seconds: number
}

/** One client for a process: all its requests share the connections. */
export class ApiClient implements Startable {
  readonly #credentials: Credentials
  readonly #onAnswered: (answered: Answered) => void
  #agent: { agent: http.Agent; tls: Access['tls'] } | undefined

  /** `onAnswered`: for metrics. */
  constructor(credentials: Credentials, onAnswered: (answered: Answered) => void = () => undefined) {
    this.#credentials = credentials
    this.#onAnswered = onAnswered
  }

  /**
   * Resolves with the parsed body. Rejects with `ApiError` or `ApiUnreachable`. When the server asks to come back later
   * it does so as long as the deadline allows.
   */
  async request<T>(request: ApiRequest): Promise<T> {
    const deadline = new Deadline(request.deadlineMs ?? DEADLINE_MS, request.signal)
    const { signal } = deadline
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const response = await this.#send(request, signal)
          return parseBody(await this.#read(response)) as T
        } catch (error) {
          const waitMs = error instanceof ApiError ? error.retryAfterMs : undefined
          if (waitMs === undefined || attempt === ATTEMPTS || waitMs >= deadline.leftMs) throw error
          await setTimeout(waitMs, undefined, { signal })
        }
      }
    } catch (error) {
      throw asFailure(error, request, signal)
    } finally {
      deadline.end()
    }
  }

  /**
   * Opens a watch and resolves with its body when the headers say that it works. `deadlineMs` counts until the headers;
   * `signal` ends it at any time.
   */
  async open(request: ApiRequest): Promise<http.IncomingMessage> {
    const deadline = new Deadline(request.deadlineMs ?? DEADLINE_MS, request.signal)
    try {
      const response = await this.#send(request, deadline.signal)
      if ((response.statusCode ?? 0) >= 300) await this.#read(response)
      deadline.lift()
      response.once('close', () => deadline.end())
      return response
    } catch (error) {
      deadline.end()
      throw asFailure(error, request, deadline.signal)
    }
  }

  start(): void {
    // connections are opened by the calls that need them
  }

  /** Closes the connections that are kept open. */
  stop(): void {
    this.#agent?.agent.destroy()
    this.#agent = undefined
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { method = 'GET', path, query = {}, body, contentType = 'application/json' } = request
    const text = request.text ?? (body === undefined ? undefined : JSON.stringify(body))
    const access = await orAborted(this.#credentials.access(), signal)
    const url = new URL(this.#credentials.server + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const headers = {
      ...access.headers,
      accept: 'application/json',
      ...(text !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
    }
    request.beforeSend?.()
    const send = url.protocol === 'https:' ? https.request : http.request
    const start = performance.now()
    const answered = (code: string): void =>
      this.#onAnswered({ method, code, seconds: (performance.now() - start) / 1000 })
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { method, headers, agent: this.#agentFor(url, access), signal })
      // The agent's own keep-alive probes only what lies unused, and not over TLS.
      outgoing.on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS))
      outgoing.on('response', (response) => {
        answered(String(response.statusCode))
        resolve(response)
      })
      outgoing.on('error', (error) => {
        answered('unreachable')
        reject(access.proxy === undefined ? error : behindProxy(error, access.proxy.host))
      })
      outgoing.end(text)
    })
  }

  /** The kept connections; new ones when certificates were replaced. */
  #agentFor(url: URL, { tls, proxy }: Access): http.Agent {
    if (this.#agent?.tls === tls) return this.#agent.agent
    if (this.#agent) retire(this.#agent.agent)
    const kept = { keepAlive: true, timeout: UNUSED_CONNECTION_MS }
    const options = { ...kept, ...tls }
    const agent =
      proxy?.agent ?? (url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options))
    this.#agent = { agent, tls }
    return agent
  }

  async #read(response: http.IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const status = response.statusCode ?? 0
    if (status < 300) return text
    if (status === 401) this.#credentials.forget()
    throw apiErrorOf(status, text, response.headers['retry-after'])
  }
}

/** Lets what is under way end; nothing new begins on its connections. */
function retire(agent: http.Agent): void {
  agent.maxFreeSockets = 0
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
}

function parseBody(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiUnreachable('GARBAGE', `the answer is not JSON: ${text.slice(0, 100)}`)
  }
}

/** What went wrong may be between the proxy and the server, or between us and the proxy. */
function behindProxy({ message, code }: NodeJS.ErrnoException, host: string): Error {
  return Object.assign(new Error(`by the proxy ${host}: ${message}`), { code })
}

/** Whatever went wrong, as one of the classes that callers know. */
function asFailure(error: unknown, { method = 'GET', path }: ApiRequest, signal: AbortSignal): Error {
  if (error instanceof ApiError || error instanceof TermOver) return error
  const late = (signal.reason as DOMException | undefined)?.name === 'TimeoutError'
  const { code, message } = error as NodeJS.ErrnoException
  const cause = late ? 'no answer in time' : message
  return new ApiUnreachable(late ? 'DEADLINE' : (code ?? 'UNKNOWN'), `${method} ${path}: ${cause}`)
}
