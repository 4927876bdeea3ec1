// Replicas that want one lease, under virtual time: freezes, slow, lost and refused requests. No socket, no real clock.

import { setImmediate } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import type { Lease } from '../../src/api/index.ts'
import type { ApiRequest } from '../../src/kube/client.ts'
import { ApiError, ApiUnreachable } from '../../src/kube/errors.ts'
import { LeaseCandidate } from '../../src/kube/lease.ts'
import type { Term } from '../../src/kube/term.ts'

export const TIMING = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 }

const log: Logger = pino({ level: 'silent' })

/** What the network does to one request: delays in ms, and whether the answer comes. */
export interface Fate {
  there: number
  back: number
  lost?: boolean
}

export class LeaseCluster {
  now = 0
  lease: Lease | null = null
  /** Asked for each request. */
  fate: (replica: Replica) => Fate = () => ({ there: 1, back: 1 })
  /** Answered to each request, in place of what it asks for. */
  refusal: ApiError | undefined
  readonly replicas: Replica[] = []
  #version = 0
  #timers: { at: number; replica: Replica | null; fire: () => void }[] = []

  add(identity: string, predecessors: string | null = null): Replica {
    const replica = new Replica(this, identity, predecessors)
    this.replicas.push(replica)
    return replica
  }

  get active(): string[] {
    return this.replicas.filter(({ isActive }) => isActive).map(({ identity }) => identity)
  }

  /** Lets time go on; `onStep` is called whenever something may have happened. */
  async run(ms: number, onStep = (): void => undefined): Promise<void> {
    const end = this.now + ms
    for (await settle(); ; await settle()) {
      onStep()
      const due = this.#timers
        .filter(({ at, replica }) => at <= end && replica?.frozen !== true)
        .toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.now = Math.max(this.now, due.at)
      due.fire()
    }
    this.now = end
    onStep()
  }

  /** `replica`: whose timer it is; a frozen one's waits for the thaw. */
  sleep(ms: number, replica: Replica | null, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#timers = this.#timers.filter((other) => other !== timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = { at: this.now + ms, replica, fire: done }
      this.#timers.push(timer)
      signal?.addEventListener('abort', done)
    })
  }

  edit(spec: Lease['spec']): void {
    this.lease = { ...this.lease, spec: { ...this.lease?.spec, ...spec } }
    this.#store(this.lease)
  }

  answer({ method = 'GET', body }: ApiRequest): Lease {
    if (this.refusal) throw this.refusal
    if (method === 'POST' && this.lease) throw new ApiError(409, 'AlreadyExists', 'it exists')
    if (method !== 'POST' && !this.lease) throw new ApiError(404, 'NotFound', 'there is none')
    if (method === 'GET') return structuredClone(this.lease ?? {})
    const sent = body as Lease
    if (method === 'PUT' && sent.metadata?.resourceVersion !== this.lease?.metadata?.resourceVersion) {
      throw new ApiError(409, 'Conflict', 'somebody changed it')
    }
    return this.#store(sent)
  }

  #store(lease: Lease): Lease {
    this.lease = structuredClone({
      ...lease,
      metadata: { ...lease.metadata, resourceVersion: String(++this.#version) },
    })
    return structuredClone(this.lease)
  }
}

export class Replica {
  readonly identity: string
  readonly candidate: LeaseCandidate
  readonly terms: Term[] = []
  frozen = false
  readonly #cluster: LeaseCluster

  constructor(cluster: LeaseCluster, identity: string, predecessors: string | null) {
    this.#cluster = cluster
    this.identity = identity
    this.candidate = new LeaseCandidate(
      {
        client: { request: async <T>(request: ApiRequest) => (await this.#request(request)) as T },
        log,
        clock: () => cluster.now,
        sleep: (ms, signal) => cluster.sleep(ms, this, signal),
        random: () => 0.5,
      },
      {
        namespace: 'metallb-system',
        name: 'lease',
        identity,
        predecessors,
        timing: TIMING,
        onTerm: (term) => this.terms.push(term),
      },
    )
    void this.candidate.start()
  }

  get isActive(): boolean {
    return this.terms.some(({ isOver }) => !isOver)
  }

  async #request(request: ApiRequest): Promise<Lease> {
    const { there, back, lost = false } = this.#cluster.fate(this)
    const { deadlineMs = Infinity, signal } = request
    const answering = this.#answer(request, there, back, lost)
    answering.catch(() => undefined)
    const ending = this.#cluster.sleep(Math.min(deadlineMs, 1e9), this, signal).then(() => {
      throw new ApiUnreachable('DEADLINE', 'no answer in time')
    })
    ending.catch(() => undefined)
    return Promise.race([answering, ending])
  }

  /** The server does not know that the asker is frozen; the asker hears the answer when he is thawed. */
  async #answer(request: ApiRequest, there: number, back: number, lost: boolean): Promise<Lease> {
    await this.#cluster.sleep(there, null)
    let outcome: () => Lease
    try {
      const lease = this.#cluster.answer(request)
      outcome = () => lease
    } catch (error) {
      outcome = () => {
        throw error as Error
      }
    }
    await this.#cluster.sleep(lost ? 1e9 : back, this)
    return outcome()
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate()
}
