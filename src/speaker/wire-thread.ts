// The speaker's wire thread: takes part in the elections, answers for what it won, and announces it. A worker, so that no
// work of the main thread delays it; of the cluster it knows nothing but the intents that it was sent last.

import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { type FitLink, type Frame, type Link, nodeLinks, type NodeLinks } from '../announcer/index.ts'
import type { Transition } from '../election/index.ts'
import { formatAddress } from '../ip/index.ts'
import { decodeListenerQuery } from '../packet/index.ts'
import {
  bootTime,
  LinkWatcher,
  type ListenFailure,
  type Observation,
  type ReceivedFrame,
  Responder,
  type ResponderTable,
} from '../wire/index.ts'
import { Answering } from './answering.ts'
import { Hellos } from './hellos.ts'
import { type AddressCounters, type IntentsChange, NOTHING_REPORTED, type Report } from './intents.ts'
import { CopiedIntents } from './intents-change.ts'
import { passingOf, Reporter, transitionReport } from './report.ts'
import { Segments } from './segments.ts'
import { ALIVE_INTERVAL_MS, type WireInit, type WireMessage, type WireOrder } from './wire-handle.ts'

/** Changes that come together are reported together, and not while the first frames of a takeover go out. */
const GATHER_MS = 60
/** Interfaces that could not be listened on are tried again; those that are of no use are left. */
const RETRY_INTERVAL_MS = 5000
/** After this it ends, whoever has not taken over: longer than the election waits for it, and than its goodbyes. */
const LEAVE_LIMIT_MS = 1500

const LAPSED = 'the process did not run for a while: hearing the others before it answers again'

/** Its clock is `bootTime` throughout: the time in which the machine sleeps is a lateness like any other. */
class WireThread {
  readonly #exclusions: readonly RegExp[]
  readonly #post: (message: WireMessage) => void
  readonly #hellos: Hellos
  readonly #segments: Segments
  readonly #responder: Responder
  readonly #answering: Answering
  readonly #watcher: LinkWatcher
  readonly #timers: NodeJS.Timeout[] = []
  readonly #intents = new CopiedIntents()
  readonly #gratuitous = new Map<string, number>()
  #links: NodeLinks = { fit: [], lans: [] }
  #failures: readonly ListenFailure[] = []
  #installed: ResponderTable | undefined
  #running: NodeJS.Timeout | undefined
  #reporting: NodeJS.Timeout | undefined
  #untold: { readonly transition: Transition; readonly name: string }[] = []
  readonly #reporter = new Reporter(timeOfDay)
  #reported: Pick<Report, 'conflicts' | 'segments'> = NOTHING_REPORTED
  #onLeft: (() => void) | undefined

  /** Throws what `Responder` and `LinkWatcher` throw when the kernel does not let us. */
  constructor(
    { node, excludedInterfaces, secret, settings }: WireInit,
    post: (message: WireMessage) => void,
  ) {
    this.#exclusions = excludedInterfaces.map((source) => new RegExp(source))
    this.#post = post
    this.#hellos = new Hellos(secret)
    this.#segments = new Segments({
      node,
      settings,
      random: Math.random,
      drawInstance: () => randomBytes(8).toString('hex'),
    })
    this.#responder = new Responder({
      onObservations: (seen) => this.#onObservations(seen),
      onHellos: (frames) => this.#onHellos(frames),
      onQueries: (frames) => this.#onQueries(frames),
    })
    this.#answering = new Answering(this.#responder, this.#segments, (silentMs) =>
      this.#log('warn', { silentMs: Math.round(silentMs) }, LAPSED),
    )
    this.#watcher = new LinkWatcher({
      onLinks: (links) => this.#onLinks(links),
      onError: ({ message }) => this.#log('warn', { reason: message }, 'the interfaces cannot be read'),
    })
  }

  start(): void {
    this.#watcher.start()
    this.#timers.push(
      setInterval(() => this.#onBeat(), ALIVE_INTERVAL_MS),
      setInterval(() => this.#retry(), RETRY_INTERVAL_MS),
    )
  }

  onIntents(change: IntentsChange): void {
    const intents = this.#intents.apply(change)
    this.#hellos.setCluster(intents.cluster)
    this.#segments.intend(intents)
    this.#listen()
  }

  onSecret(secret: Uint8Array): void {
    this.#hellos.changeSecret(secret, bootTime())
  }

  /** Hands everything over, then answers nothing more, and ends. */
  async stop(): Promise<void> {
    const left = new Promise<void>((resolve) => (this.#onLeft = resolve))
    const limit = setTimeout(() => this.#onLeft?.(), LEAVE_LIMIT_MS)
    this.#segments.leave(bootTime())
    this.#run()
    await left
    this.#responder.install({ held: [], watched: [] })
    this.#watcher.stop()
    this.#responder.stop()
    for (const timer of [...this.#timers, this.#running, this.#reporting, limit]) clearTimeout(timer)
    this.#report()
  }

  #onLinks(links: readonly Link[]): void {
    this.#links = nodeLinks(links, this.#exclusions)
    this.#listen()
  }

  /** Listens where this node may hold something, and takes part in the elections there. */
  #listen(): void {
    const needed = this.#segments.needed(this.#links)
    const failures = this.#responder.listenOn(needed)
    if (!isDeepStrictEqual(failures, this.#failures))
      for (const failure of failures) this.#log('warn', { ...failure }, 'cannot listen on an interface')
    this.#failures = failures
    const unheard = new Set(failures.map((failure) => failure.interface))
    const deaf = new Set(needed.filter(({ name }) => unheard.has(name)).map(({ index }) => index))
    this.#segments.connect(this.#links, deaf, bootTime())
    this.#run()
    this.#reportSoon()
  }

  #retry(): void {
    if (this.#failures.length > 0 || this.#segments.isAnyUnwanted) this.#listen()
  }

  #onHellos(frames: readonly ReceivedFrame[]): void {
    const now = bootTime()
    for (const { interfaceIndex, bytes } of frames) {
      const received = this.#hellos.decode(bytes, now)
      if (received === null) continue
      const refusal = this.#segments.receive(interfaceIndex, received.hello, received.mac, now)
      this.#hellos.settle(received, refusal, now)
    }
    this.#run()
  }

  #onQueries(frames: readonly ReceivedFrame[]): void {
    for (const { interfaceIndex, bytes } of frames) {
      const query = decodeListenerQuery(bytes)
      if (query !== null) this.#segments.query(interfaceIndex, query, bootTime())
    }
    this.#run()
  }

  #onObservations(seen: readonly Observation[]): void {
    for (const observation of seen) this.#segments.observe(observation, bootTime())
    this.#run()
  }

  /** Does what is due. First the table, then the frames: who hears of an address may ask for it at once. */
  #run(): void {
    clearTimeout(this.#running)
    const now = bootTime()
    this.#answering.check(now)
    const outputs = this.#segments.run(now)
    this.#install(this.#segments.table)
    for (const { link, reports } of outputs)
      for (const report of reports) this.#responder.send(link.index, report)
    for (const { link, frames } of outputs) this.#sendFrames(link, frames)
    for (const { link, hellos } of outputs)
      for (const hello of hellos) this.#sendHello(link, this.#hellos.encode(hello, link, now))
    this.#tell(outputs)
    if (this.#segments.hasLeft) this.#onLeft?.()
    const { nextAt } = this.#segments
    if (nextAt < Infinity)
      this.#running = setTimeout(() => this.#onDue(), Math.max(1, Math.ceil(nextAt - bootTime())))
  }

  /** The event loop runs timers before it reads: a peer whose hello waits to be read is not silent. */
  #onDue(): void {
    this.#responder.deliver()
    this.#run()
  }

  #install(table: ResponderTable): void {
    if (table === this.#installed) return
    this.#installed = table
    this.#responder.install(table)
    this.#reportSoon()
  }

  #sendFrames({ index }: FitLink, frames: readonly Frame[]): void {
    for (const { address, bytes, purpose } of frames) {
      if (!this.#responder.send(index, bytes) || purpose === 'probe') continue
      const text = formatAddress(address)
      this.#gratuitous.set(text, (this.#gratuitous.get(text) ?? 0) + 1)
    }
  }

  /** Who is heard may answer. */
  #sendHello({ index }: FitLink, frame: Uint8Array): void {
    this.#responder.send(index, frame)
    this.#answering.said(bootTime())
  }

  #tell(outputs: readonly { readonly link: FitLink; readonly transitions: readonly Transition[] }[]): void {
    for (const { link, transitions } of outputs)
      for (const transition of transitions) this.#untold.push({ transition, name: link.name })
    if (this.#untold.length > 0) this.#reportSoon()
  }

  /** A sign of life; and peers and strangers that came or went, which nothing else tells of. */
  #onBeat(): void {
    this.#post({ kind: 'alive' })
    const { conflicts, segments } = this.#reported
    if (!isDeepStrictEqual(passingOf(this.#segments), { conflicts, segments })) this.#reportSoon()
  }

  #reportSoon(): void {
    this.#reporting ??= setTimeout(() => this.#report(), GATHER_MS)
  }

  #report(): void {
    this.#reporting = undefined
    const transitions = this.#untold.map(({ transition, name }) =>
      transitionReport(transition, name, timeOfDay),
    )
    this.#untold = []
    if (transitions.length > 0) this.#post({ kind: 'transitions', transitions })
    const change = this.#reporter.report(this.#segments)
    this.#reported = change
    this.#post({ kind: 'report', change })
  }

  count(): void {
    const { addresses, frames, losses } = this.#responder.counters()
    for (const ip of this.#gratuitous.keys()) if (!(ip in addresses)) this.#gratuitous.delete(ip)
    const counted = Object.entries(addresses).map(([ip, counts]): [string, AddressCounters] => {
      return [ip, { ...counts, gratuitous: this.#gratuitous.get(ip) ?? 0 }]
    })
    const counters = {
      addresses: Object.fromEntries(counted),
      frames,
      losses: { ...losses },
      hellos: this.#hellos.counts,
    }
    this.#post({ kind: 'counters', counters })
  }

  #log(level: 'info' | 'warn', fields: Record<string, unknown>, message: string): void {
    this.#post({ kind: 'log', level, fields, message })
  }
}

function timeOfDay(at: number): string {
  return new Date(Date.now() - (bootTime() - at)).toISOString()
}

const thread = new WireThread(workerData as WireInit, (message) => parentPort?.postMessage(message))
parentPort?.on('message', (order: WireOrder) => {
  if (order.kind === 'intents') thread.onIntents(order.change)
  else if (order.kind === 'secret') thread.onSecret(order.secret)
  else if (order.kind === 'count') thread.count()
  else void thread.stop().then(() => parentPort?.close())
})
thread.start()
