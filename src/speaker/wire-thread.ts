// The speaker's wire thread: holds addresses, answers and announces them. A worker, so that no work of the main thread
// delays it; of the cluster it knows nothing but the intents that it was sent last.

import { isDeepStrictEqual } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { Announcer, fitLinks, type Holding, type Link, neededLinks } from '../announcer/index.ts'
import { formatAddress } from '../ip/index.ts'
import { formatMac } from '../packet/index.ts'
import { bootTime, type ListenFailure, LinkWatcher, type Observation, Responder } from '../wire/index.ts'
import { holdingsOf } from './holdings.ts'
import type { AddressCounters, Intents, Report } from './intents.ts'
import { ALIVE_INTERVAL_MS, type WireInit, type WireMessage, type WireOrder } from './wire-handle.ts'

/** The responder may answer this long after our last sign of life: a process that is frozen falls silent by itself. */
const VALID_MS = 1000
const RENEW_INTERVAL_MS = 100
/** After a lapse others may hold what we held; their news is on its way to us. */
const LISTEN_MS = 1200
/** Changes that come together are reported together: a thousand addresses begin one after the other. */
const GATHER_MS = 20
/** Interfaces that could not be listened on are tried again. */
const RETRY_INTERVAL_MS = 5000

class WireThread {
  readonly #exclusions: readonly RegExp[]
  readonly #post: (message: WireMessage) => void
  readonly #announcer: Announcer
  readonly #responder: Responder
  readonly #watcher: LinkWatcher
  readonly #timers: NodeJS.Timeout[] = []
  readonly #gratuitous = new Map<string, number>()
  #intents: Intents
  #links: readonly Link[] = []
  #failures: readonly ListenFailure[] = []
  #installed: Announcer['table'] | undefined
  #sending: NodeJS.Timeout | undefined
  #reporting: NodeJS.Timeout | undefined
  #conflicts: Announcer['conflicts'] = []
  /** After a lapse: the instant until which we only listen. */
  #silentUntil: number | undefined

  /** Throws what `Responder` and `LinkWatcher` throw when the kernel does not let us. */
  constructor({ node, excludedInterfaces }: WireInit, post: (message: WireMessage) => void) {
    this.#exclusions = excludedInterfaces.map((source) => new RegExp(source))
    this.#post = post
    this.#intents = { node, addresses: [] }
    this.#announcer = new Announcer({ seed: seedOf(node) })
    this.#responder = new Responder({ onObservations: (seen) => this.#onObservations(seen) })
    this.#watcher = new LinkWatcher({
      onLinks: (links) => this.#onLinks(links),
      onError: ({ message }) => this.#log('warn', { reason: message }, 'the interfaces cannot be read'),
    })
  }

  start(): void {
    this.#watcher.start()
    this.#responder.resume(bootTime() + VALID_MS)
    this.#timers.push(
      setInterval(() => this.#renew(), RENEW_INTERVAL_MS),
      setInterval(() => this.#post({ kind: 'alive' }), ALIVE_INTERVAL_MS),
      setInterval(() => this.#retry(), RETRY_INTERVAL_MS),
    )
  }

  /** Answers nothing more, and ends. */
  stop(): void {
    this.#responder.install({ held: [], watched: [] })
    this.#watcher.stop()
    this.#responder.stop()
    for (const timer of [...this.#timers, this.#sending, this.#reporting]) clearTimeout(timer)
  }

  onIntents(intents: Intents): void {
    const before = this.#intents
    this.#intents = intents
    this.#update(holdingsOf(intents, before))
  }

  #onLinks(links: readonly Link[]): void {
    this.#links = links
    this.#update(this.#claimedAnew())
  }

  /** What we should hold, as if nobody were known to have had it. */
  #claimedAnew(): readonly Holding[] {
    return holdingsOf(this.#intents, this.#intents)
  }

  #update(holdings: readonly Holding[]): void {
    const links = fitLinks(this.#links, this.#exclusions)
    const failures = this.#responder.listenOn(neededLinks(holdings, links))
    if (!isDeepStrictEqual(failures, this.#failures))
      for (const failure of failures) this.#log('warn', { ...failure }, 'cannot listen on an interface')
    this.#failures = failures
    const unheard = new Set(failures.map((failure) => failure.interface))
    const deaf = new Set(links.filter(({ name }) => unheard.has(name)).map(({ index }) => index))
    const wanted = this.#silentUntil === undefined ? holdings : []
    this.#announcer.update({ holdings: wanted, links, deaf }, performance.now())
    this.#sendDue()
    this.#reportSoon()
  }

  #retry(): void {
    if (this.#failures.length > 0) this.#update(this.#claimedAnew())
  }

  /** Keeps the responder answering; after a lapse we listen for a while, and then have no better claim than others. */
  #renew(): void {
    if (this.#silentUntil === undefined) {
      if (this.#responder.extend(bootTime() + VALID_MS)) return
      this.#silentUntil = performance.now() + LISTEN_MS
      const message = 'the process did not run for a while: listening before it answers again'
      this.#log('warn', { silentMs: LISTEN_MS }, message)
      this.#update(this.#claimedAnew())
    } else if (performance.now() >= this.#silentUntil) {
      this.#silentUntil = undefined
      this.#update(this.#claimedAnew())
      this.#responder.resume(bootTime() + VALID_MS)
    }
  }

  /** First the table, then the frames: who hears of an address may ask for it at once. */
  #sendDue(): void {
    clearTimeout(this.#sending)
    const frames = this.#announcer.takeDue(performance.now())
    const { table, conflicts } = this.#announcer
    if (table !== this.#installed) {
      this.#responder.install(table)
      this.#reportSoon()
    }
    this.#installed = table
    if (!isDeepStrictEqual(conflicts, this.#conflicts)) this.#reportSoon()
    this.#conflicts = conflicts
    for (const { interfaceIndex, address, bytes, purpose } of frames) {
      if (!this.#responder.send(interfaceIndex, bytes) || purpose === 'probe') continue
      const text = formatAddress(address)
      this.#gratuitous.set(text, (this.#gratuitous.get(text) ?? 0) + 1)
    }
    const next = this.#announcer.nextAt
    if (next === null) return
    this.#sending = setTimeout(() => this.#sendDue(), Math.max(1, next - performance.now()))
  }

  #onObservations(seen: readonly Observation[]): void {
    for (const observation of seen) this.#announcer.observe(observation, performance.now())
    this.#sendDue()
  }

  #reportSoon(): void {
    this.#reporting ??= setTimeout(() => this.#report(), GATHER_MS)
  }

  #report(): void {
    this.#reporting = undefined
    const { announced, unplaced, conflicts } = this.#announcer
    const report: Report = {
      held: announced.map(({ address, interfaces }) => ({ ip: formatAddress(address), interfaces })),
      unplaced: unplaced.map(formatAddress),
      conflicts: conflicts.map(({ address, mac, ...rest }) => {
        return { ...rest, ip: formatAddress(address), mac: formatMac(mac) }
      }),
    }
    this.#post({ kind: 'report', report })
  }

  count(): void {
    const { addresses, frames, losses } = this.#responder.counters()
    for (const ip of this.#gratuitous.keys()) if (!(ip in addresses)) this.#gratuitous.delete(ip)
    const counted = Object.entries(addresses).map(([ip, counts]): [string, AddressCounters] => {
      return [ip, { ...counts, gratuitous: this.#gratuitous.get(ip) ?? 0 }]
    })
    const counters = { addresses: Object.fromEntries(counted), frames, losses: { ...losses } }
    this.#post({ kind: 'counters', counters })
  }

  #log(level: 'info' | 'warn', fields: Record<string, unknown>, message: string): void {
    this.#post({ kind: 'log', level, fields, message })
  }
}

/** Different on every node, so that their repeats do not come together. */
function seedOf(node: string): number {
  let seed = 0
  for (const character of node) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) >>> 0
  return seed
}

const thread = new WireThread(workerData as WireInit, (message) => parentPort?.postMessage(message))
parentPort?.on('message', (order: WireOrder) => {
  if (order.kind === 'intents') thread.onIntents(order.intents)
  else if (order.kind === 'count') thread.count()
  else {
    thread.stop()
    parentPort?.close()
  }
})
thread.start()
