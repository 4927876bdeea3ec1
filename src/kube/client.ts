// Requests to the API server: raw JSON objects over a few connections that stay open, each with a deadline.

import http from 'node:http'
import https from 'node:https'
import type { Access, Credentials } from './credentials.ts'
import { ApiError, apiErrorOf, ApiUnreachable } from './errors.ts'

const DEADLINE_MS = 15_000
/** With Node's probes once a second this notices a peer that is gone within about 20 s. */
const TCP_KEEP_ALIVE_MS = 10_000

/** How a body changes an object; the server tells them apart by content type. */
export const PATCH = {
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml', // JSON is YAML
} as const

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  contentType?: string
  /** Until the whole answer is there; default 15 s. */
  deadlineMs?: number
  signal?: AbortSignal
}

/** One client for a process: all its requests share the connections. */
export class ApiClient {
  readonly #credentials: Credentials
  #agent: { agent: http.Agent; tls: Access['tls'] } | undefined

  constructor(credentials: Credentials) {
    this.#credentials = credentials
  }

  /** Resolves with the parsed body. Rejects with `ApiError` or `ApiUnreachable`. */
  async request<T>(request: ApiRequest): Promise<T> {
    const deadline = AbortSignal.timeout(request.deadlineMs ?? DEADLINE_MS)
    const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline
    const response = await this.#send(request, signal)
    const text = await this.#read(response, request, signal)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /**
   * Opens a watch and resolves with its body when the headers say that it works. `deadlineMs` counts until the headers;
   * `signal` ends it at any time.
   */
  async open(request: ApiRequest): Promise<http.IncomingMessage> {
    const headers = new AbortController()
    const timer = setTimeout(() => headers.abort(new DOMException('', 'TimeoutError')), request.deadlineMs ?? DEADLINE_MS)
    const signal = request.signal ? AbortSignal.any([headers.signal, request.signal]) : headers.signal
    try {
      const response = await this.#send(request, signal)
      if ((response.statusCode ?? 0) >= 300) await this.#read(response, request, signal)
      return response
    } finally {
      clearTimeout(timer)
    }
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.#agent?.agent.destroy()
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { method = 'GET', path, query = {}, body, contentType = 'application/json' } = request
    const access = await this.#credentials.access()
    const url = new URL(this.#credentials.server + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...access.headers,
      accept: 'application/json',
      ...(text !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
    }
    const send = url.protocol === 'https:' ? https.request : http.request
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { method, headers, agent: this.#agentFor(url, access.tls), signal })
      outgoing.on('response', resolve)
      outgoing.on('error', (error) => reject(unreachable(error, request, signal)))
      outgoing.end(text)
    })
  }

  /** The kept connections; new ones when certificates were replaced. */
  #agentFor(url: URL, tls: Access['tls']): http.Agent {
    if (this.#agent?.tls === tls) return this.#agent.agent
    this.#agent?.agent.destroy()
    const options = { keepAlive: true, keepAliveMsecs: TCP_KEEP_ALIVE_MS, ...tls }
    const agent = url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
    this.#agent = { agent, tls }
    return agent
  }

  async #read(response: http.IncomingMessage, request: ApiRequest, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer)
    } catch (error) {
      throw unreachable(error, request, signal)
    }
    const text = Buffer.concat(chunks).toString('utf8')
    const status = response.statusCode ?? 0
    if (status < 300) return text
    if (status === 401) this.#credentials.forget()
    throw apiErrorOf(status, text, response.headers['retry-after'])
  }
}

function unreachable(error: unknown, { method = 'GET', path }: ApiRequest, signal: AbortSignal): Error {
  if (error instanceof ApiError) return error
  const late = signal.aborted && (signal.reason as DOMException | undefined)?.name === 'TimeoutError'
  const { code, message } = error as NodeJS.ErrnoException
  const cause = late ? 'no answer in time' : message
  return new ApiUnreachable(late ? 'DEADLINE' : (code ?? 'UNKNOWN'), `${method} ${path}: ${cause}`)
}
