// The body of a watch: one JSON event a line. Knows nothing of what the events mean.

import type { IncomingMessage } from 'node:http'
import type { KubeObject } from '../api/index.ts'
import { ApiUnreachable } from './errors.ts'

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: KubeObject & { code?: number; reason?: string; message?: string }
}

const NEWLINE = 10
/** No object comes near this (etcd takes 1.5 MB); a line that never ends must not fill the memory. */
const LINE_LIMIT_BYTES = 32 * 1024 * 1024

/**
 * The events of `body` in order; ends when the server ends it. Throws `ApiUnreachable` when it breaks off, when a line
 * is no event (a truncated one, a proxy's page, one without end), or when no byte came for `idleLimitMs`.
 */
export async function* watchEvents(body: IncomingMessage, idleLimitMs: number): AsyncGenerator<WatchEvent> {
  const idle = setTimeout(
    () => body.destroy(new ApiUnreachable('IDLE', `no byte for ${idleLimitMs} ms`)),
    idleLimitMs,
  )
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of body) {
      idle.refresh()
      rest = Buffer.concat([rest, chunk as Buffer])
      for (let end; (end = rest.indexOf(NEWLINE)) !== -1; rest = rest.subarray(end + 1)) {
        yield parse(rest.subarray(0, end).toString('utf8'))
      }
      if (rest.length > LINE_LIMIT_BYTES)
        throw new ApiUnreachable('GARBAGE', 'a line of the watch does not end')
    }
  } catch (error) {
    if (error instanceof ApiUnreachable) throw error
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException
    throw new ApiUnreachable(code, `watch broke off: ${message}`)
  } finally {
    clearTimeout(idle)
    body.destroy()
  }
  if (rest.length > 0)
    throw new ApiUnreachable('TRUNCATED', `watch ended in the middle of a line of ${rest.length} bytes`)
}

function parse(line: string): WatchEvent {
  try {
    const event = JSON.parse(line) as Partial<WatchEvent> | null
    if (typeof event?.type === 'string' && typeof event.object === 'object' && event.object)
      return event as WatchEvent
  } catch {
    // told below, with the line
  }
  throw new ApiUnreachable('GARBAGE', `not a watch event: ${line.slice(0, 100)}`)
}
