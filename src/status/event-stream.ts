// One reader of /api/v1/events: server-sent events (HTML Standard, section 9.2), written as fast as he takes them.
// Nothing is queued for a slow one: he skips to the newest view of each thing, and one that takes nothing is cut off.

import type { ServerResponse } from 'node:http'
import type { Change, ChangeKind, ChangeLog } from './change-log.ts'

/** Proxies and NAT forget connections on which nothing moves. */
const HEARTBEAT_MS = 15_000
/** Who has taken nothing for so long is gone, or means harm. */
const STUCK_MS = 30_000
/** Written at once at most; others want to be served too. */
const BATCH = 200

interface EventStreamInit {
  readonly changes: ChangeLog
  /** Of this process: another one counts its changes anew. */
  readonly instance: string
  /** `undefined`: it is gone. */
  readonly view: (kind: ChangeKind, key: string) => object | undefined
  /** The header Last-Event-ID, with which a browser comes back. */
  readonly lastEventId: string | undefined
}

class EventStream {
  readonly #response: ServerResponse
  readonly #init: EventStreamInit
  readonly #unfollow: () => void
  readonly #heartbeat: NodeJS.Timeout
  #stuck: NodeJS.Timeout | undefined
  /** Everything up to here is told. */
  #told: number

  constructor(response: ServerResponse, init: EventStreamInit) {
    this.#response = response
    this.#init = init
    this.#told = toldBefore(init) ?? init.changes.revision
    this.#unfollow = init.changes.follow(() => this.#tell())
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), HEARTBEAT_MS)
    response.on('drain', () => this.#unblock())
    response.once('close', () => this.#end())
  }

  begin(): void {
    this.#send(toldBefore(this.#init) === undefined ? 'reset' : 'resumed', {})
    this.#tell()
  }

  #tell(): void {
    if (this.#stuck !== undefined || this.#response.destroyed) return
    const changes = this.#init.changes.since(this.#told)
    if (changes === null) {
      this.#told = this.#init.changes.revision
      return this.#send('reset', {})
    }
    for (const change of changes.slice(0, BATCH)) {
      this.#told = change.revision
      this.#sendChange(change)
      if (this.#stuck !== undefined) return
    }
    if (changes.length > BATCH) setImmediate(() => this.#tell())
  }

  #sendChange({ kind, key }: Change): void {
    const view = this.#init.view(kind, key)
    if (view === undefined) this.#send(`${kind}-gone`, { key })
    else this.#send(kind, view)
  }

  #send(event: string, data: object): void {
    const id = `${this.#init.instance}.${this.#told}`
    this.#write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  #write(text: string): void {
    if (this.#stuck !== undefined || this.#response.destroyed || this.#response.write(text)) return
    this.#stuck = setTimeout(() => this.#response.destroy(), STUCK_MS)
  }

  #unblock(): void {
    clearTimeout(this.#stuck)
    this.#stuck = undefined
    this.#tell()
  }

  #end(): void {
    this.#unfollow()
    clearInterval(this.#heartbeat)
    clearTimeout(this.#stuck)
  }
}

/** Begins at once; ends with the connection. */
export function followChanges(response: ServerResponse, init: EventStreamInit): void {
  new EventStream(response, init).begin()
}

/** The revision up to which a returning reader knows everything; `undefined`: he has to begin anew. */
function toldBefore({ lastEventId, instance, changes }: EventStreamInit): number | undefined {
  const [, from, revision = ''] = /^(\w+)\.(\d{1,15})$/.exec(lastEventId ?? '') ?? []
  if (from !== instance) return undefined
  return changes.since(Number(revision)) === null ? undefined : Number(revision)
}
