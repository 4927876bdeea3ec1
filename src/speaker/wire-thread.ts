// The speaker's wire thread: holds addresses, answers and announces them. A worker, so that no work of the main thread
// delays it; of the cluster it knows nothing but the intents that it was sent last.

import { parentPort, workerData } from 'node:worker_threads'
import { Announcer, fitLinks, type Link } from '../announcer/index.ts'
import { formatAddress } from '../ip/index.ts'
import { formatMac } from '../packet/index.ts'
import { bootTime, type ListenFailure, LinkWatcher, type Observation, Responder } from '../wire/index.ts'
import type { AddressCounters, Intents, Report } from './intents.ts'
import { ALIVE_INTERVAL_MS, type WireInit, type WireMessage } from './wire-handle.ts'

/** The responder may answer this long after our last sign of life: a process that is frozen falls silent by itself. */
const VALID_MS = 1000
const RENEW_INTERVAL_MS = 100
/** After a lapse others may hold what we held; their news is on its way to us. */
const LISTEN_MS = 1200
/** Changes are reported at once, the counters this often. */
const REPORT_INTERVAL_MS = 5000
/** The same conflict is told once in this time. */
const CONFLICT_INTERVAL_MS = 60_000

class WireThread {
  readonly #node: string
  readonly #exclusions: readonly RegExp[]
  readonly #post: (message: WireMessage) => void
  readonly #announcer: Announcer
  readonly #responder: Responder
  readonly #watcher: LinkWatcher
  readonly #timers: NodeJS.Timeout[] = []
  readonly #gratuitous = new Map<string, number>()
  #intents: Intents
  /** Conflicts told since the last minute began: a stranger may shout a thousand times a second. */
  readonly #said = new Set<string>()
  #links: readonly Link[] = []
  #failures: readonly ListenFailure[] = []
  #sending: NodeJS.Timeout | undefined
  #silentUntil = 0

  /** Throws what `Responder` and `LinkWatcher` throw when the kernel does not let us. */
  constructor({ node, excludedInterfaces }: WireInit, post: (message: WireMessage) => void) {
    this.#node = node
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
      setInterval(() => this.#report(), REPORT_INTERVAL_MS),
      setInterval(() => this.#said.clear(), CONFLICT_INTERVAL_MS),
    )
  }

  /** Answers nothing more, and ends. */
  stop(): void {
    this.#responder.install({ held: [], watched: [] })
    this.#watcher.stop()
    this.#responder.stop()
    for (const timer of [...this.#timers, this.#sending]) clearTimeout(timer)
  }

  onIntents(intents: Intents): void {
    this.#intents = intents
    this.#update()
  }

  #onLinks(links: readonly Link[]): void {
    this.#links = links
    this.#update()
  }

  /** Until the election hears the other speakers itself, the first candidate holds: all have the same view. */
  #update(): void {
    const fit = fitLinks(this.#links, this.#exclusions)
    const failures = this.#responder.listenOn(fit)
    for (const failure of failures) this.#log('warn', { ...failure }, 'cannot listen on an interface')
    const deaf = new Set(failures.map((failure) => failure.interface))
    const holdings = this.#intents.addresses.filter(({ candidates }) => candidates[0] === this.#node)
    this.#failures = failures
    this.#announcer.update(
      holdings,
      fit.filter(({ name }) => !deaf.has(name)),
      performance.now(),
    )
    this.#responder.install({ held: this.#announcer.table, watched: [] })
    this.#sendDue()
    this.#report()
  }

  /** Keeps the responder answering; after a lapse only when we have listened for a while. */
  #renew(): void {
    if (performance.now() < this.#silentUntil) return
    const validUntil = bootTime() + VALID_MS
    if (this.#silentUntil > 0) {
      this.#silentUntil = 0
      this.#responder.resume(validUntil)
    } else if (!this.#responder.extend(validUntil)) {
      this.#silentUntil = performance.now() + LISTEN_MS
      this.#log(
        'warn',
        { silentMs: LISTEN_MS },
        'the process did not run for a while: listening before it answers again',
      )
    }
  }

  #sendDue(): void {
    clearTimeout(this.#sending)
    const now = performance.now()
    if (now >= this.#silentUntil) {
      for (const { interfaceIndex, address, bytes } of this.#announcer.takeDue(now)) {
        if (!this.#responder.send(interfaceIndex, bytes)) continue
        const text = formatAddress(address)
        this.#gratuitous.set(text, (this.#gratuitous.get(text) ?? 0) + 1)
      }
    }
    const next = this.#announcer.nextAt
    if (next === null) return
    this.#sending = setTimeout(
      () => this.#sendDue(),
      Math.max(1, Math.max(next, this.#silentUntil) - performance.now()),
    )
  }

  #onObservations(seen: readonly Observation[]): void {
    for (const { interfaceIndex, address, mac } of seen) {
      const name = this.#links.find(({ index }) => index === interfaceIndex)?.name
      const fields = { interface: name, address: formatAddress(address), mac: formatMac(mac) }
      const key = JSON.stringify(fields)
      if (this.#said.has(key)) continue
      this.#said.add(key)
      this.#log('warn', fields, 'somebody else uses an address that we hold')
    }
  }

  #report(): void {
    const counted = this.#responder.counters().addresses
    const counters = Object.entries(counted).map(([ip, counts]): [string, AddressCounters] => {
      return [ip, { ...counts, gratuitous: this.#gratuitous.get(ip) ?? 0 }]
    })
    const report: Report = {
      held: this.#announcer.announced,
      failures: this.#failures,
      counters: Object.fromEntries(counters),
    }
    this.#post({ kind: 'report', report })
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
parentPort?.on('message', (message: Intents | 'stop') => {
  if (message !== 'stop') return thread.onIntents(message)
  thread.stop()
  parentPort?.close()
})
thread.start()
