// Moves addresses from nodes that announce many to nodes that announce few: a few at a time, each by a preference that is
// taken away again when the node has taken over. Which ones move where: rebalance-plan.ts.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type ApiClient, ApiUnreachable, isStatus, keyOf } from '../kube/index.ts'
import { type Cluster, understand } from './cluster.ts'
import { CommandFailed, EXIT } from './exit-code.ts'
import { isPreferredForNow, preferForNow, withoutPassingPreference } from './passing-preference.ts'
import { type Move, type NodeLoad, planOf } from './rebalance-plan.ts'
import { type Announcers, WatchedAnnouncers } from './watched-announcers.ts'

/** Each takes the hold-down of the speakers, 5 s by default. */
const MOVES_AT_ONCE = 10
/** About as long as an API server takes to come back. */
const RELEASE_ATTEMPTS = 30
const RELEASE_PAUSE_MS = 1000

export interface RebalanceComponents {
  client: ApiClient
  log: Logger
  /** Told how far it is. */
  onProgress: (message: string) => void
  /** Nothing more is begun when this resolves, and what has been begun is given up. */
  interrupted: Promise<void>
}

export interface RebalanceInit {
  /** Of each move. */
  timeoutMs: number
  /** Changes nothing. */
  dryRun: boolean
}

/**
 * - Planned: nothing was done, as asked or since it was interrupted.
 * - Moved: the node announces it now, alone.
 * - NotMoved: it did not within the time.
 * - Refused: the preference could not be set.
 */
export type Outcome = 'Planned' | 'Moved' | 'NotMoved' | 'Refused'

interface Result {
  readonly outcome: Outcome
  /** Why it is not `Moved`. */
  readonly message: string
}

export interface Rebalanced {
  readonly nodes: readonly NodeLoad[]
  readonly moves: readonly (Move & Result)[]
  /** Services from which the annotation of a run before was taken away; with `dryRun`: would be. */
  readonly cleared: readonly string[]
  /** Services that still have the annotation, since the API server could not be told. */
  readonly left: readonly string[]
}

/** Rejects with `CommandFailed`, before anything is changed, where it would do harm or nothing. */
export async function rebalance(
  components: RebalanceComponents,
  cluster: Cluster,
  { timeoutMs, dryRun }: RebalanceInit,
): Promise<Rebalanced> {
  refuse(cluster)
  const cleared = cluster.services.filter(isPreferredForNow).map(keyOf)
  const services = cluster.services.map(withoutPassingPreference)
  const { nodes, moves } = planOf(understand({ ...cluster, services }))
  if (dryRun) return { nodes, moves: moves.map(notMade), cleared, left: [] }
  const uids = new Map(services.map((service) => [keyOf(service), service.metadata?.uid ?? '']))
  const announcers = new WatchedAnnouncers(components, cluster.namespace)
  const run = new Run(components, { announcers, uids, timeoutMs })
  announcers.start()
  try {
    await run.clear(cleared)
    return { nodes, moves: await run.make(moves), cleared, left: run.left }
  } finally {
    await announcers.stop()
  }
}

function refuse({ isPartial, installation, unseen }: Cluster): void {
  if (isPartial) {
    const kinds = unseen.map(({ kind }) => kind).join(', ')
    throw new CommandFailed(EXIT.failed, `${kinds} cannot be seen, and without them there is no plan`)
  }
  if (!installation.failsBackAlways) return
  throw new CommandFailed(
    EXIT.failed,
    'the speakers run with --failback=always: they would move every address back to its first candidate',
  )
}

function notMade(move: Move): Move & Result {
  return { ...move, outcome: 'Planned', message: '' }
}

interface RunInit {
  announcers: WatchedAnnouncers
  /** By key. */
  uids: ReadonlyMap<string, string>
  timeoutMs: number
}

class Run {
  readonly #client: ApiClient
  readonly #onProgress: (message: string) => void
  readonly #init: RunInit
  readonly #interruption = new AbortController()
  readonly #left = new Set<string>()

  constructor({ client, onProgress, interrupted }: RebalanceComponents, init: RunInit) {
    this.#client = client
    this.#onProgress = onProgress
    this.#init = init
    void interrupted.then(() => this.#interruption.abort())
  }

  /** Services that keep the annotation, since taking it away failed. */
  get left(): string[] {
    return [...this.#left].sort()
  }

  /** What a run before has left would be in the way of this one. Rejects when that cannot be taken away. */
  async clear(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#prefer(key, null)
    if (keys.length > 0) this.#onProgress(`took away what an interrupted run had left on ${keys.join(', ')}`)
  }

  async make(moves: readonly Move[]): Promise<Rebalanced['moves']> {
    const made = moves.map(notMade)
    const waiting = [...moves.entries()]
    let done = 0
    const work = async (): Promise<void> => {
      for (let each = waiting.shift(); each && !this.#interruption.signal.aborted; each = waiting.shift()) {
        const [index, move] = each
        const result = await this.#make(move)
        made[index] = { ...move, ...result }
        const what = `${move.services.join(', ')}: ${move.from} to ${move.to}`
        this.#onProgress(`${++done} of ${made.length}: ${what}${result.message && `: ${result.message}`}`)
      }
    }
    await Promise.all(Array.from({ length: MOVES_AT_ONCE }, work))
    return made
  }

  async #make({ services, to }: Move): Promise<Result> {
    const { announcers, timeoutMs } = this.#init
    const over = AbortSignal.any([this.#interruption.signal, AbortSignal.timeout(timeoutMs)])
    const isMoved = (now: Announcers): boolean =>
      services.every((key) => now?.get(key)?.length === 1 && now.get(key)?.[0] === to)
    try {
      for (const key of services) await this.#prefer(key, to)
      if (await announcers.until(isMoved, over)) return { outcome: 'Moved', message: '' }
      return this.#interruption.signal.aborted
        ? { outcome: 'Planned', message: 'interrupted' }
        : { outcome: 'NotMoved', message: `${to} had not taken over after ${timeoutMs / 1000} s` }
    } catch (error) {
      return { outcome: 'Refused', message: (error as Error).message }
    } finally {
      for (const key of services) await this.#release(key)
    }
  }

  async #prefer(key: string, node: string | null): Promise<void> {
    await preferForNow(this.#client, { key, uid: this.#init.uids.get(key) ?? '' }, node)
  }

  /** An API server that is away is waited for a while, though not by who wants to go. */
  async #release(key: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#prefer(key, null)
        return
      } catch (error) {
        if (isStatus(error, 404) || isStatus(error, 409)) return // the Service has gone
        const isLast = attempt === RELEASE_ATTEMPTS || this.#interruption.signal.aborted
        if (isLast || !(error instanceof ApiUnreachable)) {
          this.#left.add(key)
          return
        }
        await sleep(RELEASE_PAUSE_MS, undefined, { signal: this.#interruption.signal }).catch(() => undefined)
      }
    }
  }
}
