// What `kubectl logs` asks of a kubelet: HTTPS on the node, the log of a container's present or previous run.

import { closeSync, createReadStream, fstatSync, openSync, readSync, watch } from 'node:fs'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'

/** The log file of a container and where its runs begin in it, the present one last. */
export interface ContainerLog {
  file: string
  offsets: readonly number[]
}

export type FindLog = (namespace: string, pod: string, container: string) => ContainerLog | undefined

const PATH = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/

/** Serves logs on all addresses; the API server does not check the certificate, and nobody else can get here. */
export function serveLogs(port: number, tls: { cert: Buffer; key: Buffer }, find: FindLog): Server {
  return createServer(tls, (request, response) => answer(request, response, find)).listen(port)
}

function answer(request: IncomingMessage, response: ServerResponse, find: FindLog): void {
  const url = new URL(request.url ?? '/', 'https://node')
  const [, namespace, pod, container] = PATH.exec(url.pathname) ?? []
  const log = namespace && pod && container ? find(namespace, pod, container) : undefined
  if (!log) {
    const what = PATH.test(url.pathname)
      ? 'no such container on this node'
      : 'the sandbox offers logs only: no exec, attach or port-forward'
    response.writeHead(404).end(`${what}\n`)
    return
  }
  const { start, end } = slice(log, url.searchParams)
  if (url.searchParams.get('follow') !== 'true') {
    if (start >= end) response.end()
    else createReadStream(log.file, { start, end: end - 1 }).pipe(response)
    return
  }
  follow(log.file, start, response)
}

/** The part of the file that `kubectl logs` with these options shows; `end` is exclusive. */
function slice({ file, offsets }: ContainerLog, options: URLSearchParams): { start: number; end: number } {
  const present = offsets.at(-1) ?? 0
  const previous = options.get('previous') === 'true'
  const descriptor = openSync(file, 'r')
  try {
    const end = previous ? present : fstatSync(descriptor).size
    const start = previous ? (offsets.at(-2) ?? present) : present
    const lines = options.get('tailLines')
    return { start: lines === null ? start : tailStart(descriptor, start, end, Number(lines)), end }
  } finally {
    closeSync(descriptor)
  }
}

/** Where the last `lines` lines of the part begin. */
function tailStart(descriptor: number, start: number, end: number, lines: number): number {
  const text = Buffer.alloc(end - start)
  readSync(descriptor, text, 0, text.length, start)
  let position = text.at(-1) === 10 ? text.length - 1 : text.length // the last newline ends a line
  for (let left = lines; left > 0; left--) {
    position = position > 0 ? text.lastIndexOf(10, position - 1) : -1
    if (position === -1) return start
  }
  return start + position + 1
}

/** Sends what is there and what is added, until the reader goes away. */
function follow(file: string, start: number, response: ServerResponse): void {
  const descriptor = openSync(file, 'r')
  let position = start
  const chunk = Buffer.alloc(65_536)
  const send = (): void => {
    for (
      let length;
      (length = readSync(descriptor, chunk, 0, chunk.length, position)) > 0;
      position += length
    ) {
      response.write(Buffer.from(chunk.subarray(0, length)))
    }
  }
  response.flushHeaders()
  send()
  const watcher = watch(file, send)
  response.on('close', () => {
    watcher.close()
    closeSync(descriptor)
  })
}
