// An API server of a few collections on a real loopback socket, for the tests of src/kube: paged lists, watches with
// resume, merge patches, and every way in which a server or the network can fail. It knows nothing of kinds.

import { once } from 'node:events'
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import https, { type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { KubeObject } from '../../src/api/index.ts'
import type { Credentials } from '../../src/kube/access.ts'

export interface SeenRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: http.IncomingHttpHeaders
  body: unknown
}

/** Answers a request in place of the server; `false` leaves it to the server. */
export type Fault = (request: SeenRequest, response: ServerResponse) => boolean | void

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  version: number
  collection: string
  object: KubeObject
}

interface Watch {
  collection: string
  response: ServerResponse
}

/** One that listens until the test is over. */
export async function startApiServer(t: TestContext, tls?: ServerOptions): Promise<FakeApiServer> {
  const server = new FakeApiServer(tls)
  await server.start()
  t.after(() => server.stop())
  return server
}

export class FakeApiServer {
  readonly requests: SeenRequest[] = []
  /** Connections accepted so far. */
  connections = 0
  /** Asked first for every request. */
  fault: Fault = () => false
  #server: Server | undefined
  #port = 0
  readonly #tls: ServerOptions | undefined
  readonly #sockets = new Set<Socket>()
  readonly #objects = new Map<string, KubeObject>()
  readonly #changes: Change[] = []
  readonly #watches = new Set<Watch>()
  readonly #waiting = new Set<() => void>()
  #version = 1
  #oldest = 0
  #uids = 0

  constructor(tls?: ServerOptions) {
    this.#tls = tls
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`
  }

  /** For a client without TLS and token. */
  get credentials(): Credentials {
    const access = { headers: {}, tls: {} }
    return { server: this.url, access: async () => access, forget: () => undefined }
  }

  /** Watches that are open now. */
  get watches(): number {
    return this.#watches.size
  }

  /** Listens, after a `stop` on the port it had. */
  async start(): Promise<void> {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    }
    const server = this.#tls ? https.createServer(this.#tls, answer) : http.createServer(answer)
    server.on('connection', (socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Resets every connection and listens no more; the objects stay. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    this.cutConnections()
    await closed
  }

  cutConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Takes another certificate for connections to come. */
  replaceCertificate(tls: { key: string; cert: string }): void {
    ;(this.#server as https.Server).setSecureContext(tls)
  }

  /** Ends the open watches as a server does after their time. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end()
    this.#watches.clear()
  }

  /** Writes raw bytes into the open watches. */
  sayToWatches(text: string): void {
    for (const { response } of this.#watches) response.write(text)
  }

  /** Stores an object of the collection, new or changed. */
  set(collection: string, object: KubeObject): KubeObject {
    const key = keyIn(collection, object)
    const known = this.#objects.get(key)
    const version = ++this.#version
    const metadata = {
      uid: known?.metadata?.uid ?? `uid-${++this.#uids}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...object.metadata,
      resourceVersion: String(version),
    }
    const stored = { ...object, metadata }
    this.#objects.set(key, stored)
    this.#publish({ type: known ? 'MODIFIED' : 'ADDED', version, collection, object: stored })
    return stored
  }

  remove(collection: string, namespace: string, name: string): void {
    const key = keyIn(collection, { metadata: { namespace, name } })
    const known = this.#objects.get(key)
    if (!known) return
    this.#objects.delete(key)
    const version = ++this.#version
    const object = { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } }
    this.#publish({ type: 'DELETED', version, collection, object })
  }

  get(collection: string, namespace: string, name: string): KubeObject | undefined {
    return this.#objects.get(keyIn(collection, { metadata: { namespace, name } }))
  }

  all(collection: string): KubeObject[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${collection} `)).map(([, object]) => object)
  }

  /** Forgets the history: a watch from an older version gets 410. */
  compact(): void {
    this.#oldest = this.#version
    this.#changes.length = 0
  }

  /** Resolves as soon as `condition` holds; looked at after each request and each opened or closed watch. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #moved(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }

  #publish(change: Change): void {
    this.#changes.push(change)
    for (const watch of this.#watches) if (watch.collection === change.collection) tell(watch, change)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    this.requests.push(seen)
    response.on('close', () => this.#moved())
    if (this.fault(seen, response) !== true) this.#serve(seen, response)
    this.#moved()
  }

  #serve(request: SeenRequest, response: ServerResponse): void {
    const { collection, namespace, name } = partsOf(request.path)
    if (request.query.get('watch') === 'true') return this.#watch(collection, request, response)
    if (request.method === 'GET' && name === undefined) return this.#list(collection, request, response)
    if (request.method === 'POST') {
      const object = request.body as KubeObject
      if (this.#objects.has(keyIn(collection, object))) return failWith(response, 409, 'AlreadyExists')
      return sendJson(response, 201, this.set(collection, object))
    }
    const known = this.get(collection, namespace ?? '', name ?? '')
    if (!known) return failWith(response, 404, 'NotFound')
    if (request.method === 'DELETE') this.remove(collection, namespace ?? '', name ?? '')
    if (request.method !== 'PATCH') return sendJson(response, 200, known)
    const patch = request.headers['content-type'] === 'application/apply-patch+yaml' ? applied : merge
    const patched = patch(known, request.body, request.query.get('fieldManager') ?? '')
    return sendJson(response, 200, this.set(collection, patched as KubeObject))
  }

  /** The continue token is the version and the place where the next page begins; history older than that is gone. */
  #list(collection: string, { query }: SeenRequest, response: ServerResponse): void {
    const [version = this.#version, from = 0] = (query.get('continue') ?? '')
      .split(',')
      .filter(Boolean)
      .map(Number)
    if (version < this.#oldest) return failWith(response, 410, 'Expired')
    const limit = Number(query.get('limit') ?? Infinity)
    const all = this.all(collection)
    const more = from + limit < all.length
    const metadata = {
      resourceVersion: String(version),
      ...(more && { continue: `${version},${from + limit}` }),
    }
    return sendJson(response, 200, { metadata, items: all.slice(from, from + limit) })
  }

  #watch(collection: string, { query }: SeenRequest, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'))
    if (from < this.#oldest) return failWith(response, 410, 'Expired')
    const watch = { collection, response }
    this.#watches.add(watch)
    response.on('close', () => {
      this.#watches.delete(watch)
      this.#moved()
    })
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const change of this.#changes) {
      if (change.version > from && change.collection === collection) tell(watch, change)
    }
  }
}

/** A watch event as it is on the wire. */
export function eventLine(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`
}

export function failWith(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers })
  response.end(
    JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message: `it is ${reason}` }),
  )
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function tell({ response }: Watch, { type, object }: Change): void {
  response.write(eventLine(type, object))
}

function keyIn(collection: string, { metadata }: KubeObject): string {
  return `${collection} ${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

/** `/api/v1/namespaces/default/services/web/status` is of `services`, in `default`, named `web`. */
function partsOf(path: string): {
  collection: string
  namespace: string | undefined
  name: string | undefined
} {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3)
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts[1] : undefined
  const [collection = '', name] = namespace === undefined ? parts : parts.slice(2)
  return { collection, namespace, name }
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const merged: Record<string, unknown> = { ...(target as object) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = merge(merged[key], value)
  }
  return merged
}

/** Server-side apply, of annotations: those that the manager applied before and not now go. */
function applied(known: KubeObject, body: unknown, manager: string): unknown {
  const others = (known.metadata?.managedFields ?? []).filter((entry) => entry.manager !== manager)
  const before = known.metadata?.managedFields?.find((entry) => entry.manager === manager)
  const { annotations = {} } = (body as KubeObject).metadata ?? {}
  const gone = Object.keys(before?.fieldsV1 ?? {}).filter((name) => !(name in annotations))
  const fieldsV1 = Object.fromEntries(Object.keys(annotations).map((name) => [name, {}]))
  const entry = { manager, operation: 'Apply', fieldsV1 }
  const managedFields = Object.keys(annotations).length === 0 ? others : [...others, entry]
  const removal = { metadata: { annotations: Object.fromEntries(gone.map((name) => [name, null])) } }
  return merge(merge(merge(known, removal), body), { metadata: { managedFields } })
}
