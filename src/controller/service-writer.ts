// Carries out decisions on Services, each with one request, and leaves a status alone that somebody else fights for.

import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Decision, Finding } from '../allocator/index.ts'
import { ALLOCATED_CONDITION, type Service } from '../api/index.ts'
import { type Address, formatAddress } from '../ip/index.ts'
import {
  type ApiClient,
  conditionOf,
  type EventRecorder,
  keyOf,
  pathOf,
  says,
  SERVICES,
  type Term,
  timestamp,
} from '../kube/index.ts'
import { Contention } from './contention.ts'
import { foreignWriter } from './field-manager.ts'
import type { ControllerMetrics } from './metrics.ts'
import { Repetition } from './repetition.ts'
import { servicePatch, type Writing } from './service-patch.ts'

export interface ServiceWriterComponents {
  client: ApiClient
  log: Logger
  events: EventRecorder
  metrics: ControllerMetrics
  /** Nothing is written outside it. */
  term: Term
  /** Milliseconds; never goes back. */
  clock: () => number
}

export class ServiceWriter {
  readonly #components: ServiceWriterComponents
  readonly #contention = new Contention()
  readonly #repetition = new Repetition()
  /** What the server answered, until the watch shows it: by key, with the version that it follows. */
  readonly #answers = new Map<string, { follows: string | undefined; answer: Service }>()

  constructor(components: ServiceWriterComponents) {
    this.#components = components
  }

  /** The Service as the server had it last, of what the watch shows and what a write was answered. */
  latest(key: string, shown: Service): Service {
    const { follows, answer } = this.#answers.get(key) ?? {}
    if (answer !== undefined && follows === shown.metadata?.resourceVersion) return answer
    this.#answers.delete(key)
    return shown
  }

  /** The watch shows the Service anew, or that it is gone. */
  seen(key: string): void {
    this.#answers.delete(key)
  }

  /** Time goes on. */
  forgetOld(): void {
    const now = this.#components.clock()
    this.#contention.forgetOld(now)
    this.#repetition.forgetOld(now)
  }

  /**
   * Carries out `decision` on `service`, which is `latest`. Rejects as requests do, with a conflict when somebody has
   * changed it since. Resolves with the milliseconds after which to come again, 0: there is no need.
   */
  async write(service: Service, decision: Decision): Promise<number> {
    const key = keyOf(service)
    const { write } = decision
    if (write === 'none' || write === 'explain') {
      this.#contention.settled(key)
      if (write === 'explain') return this.#explain(service, decision)
      this.#tell(service, decision)
      return 0
    }
    const verdict = this.#contention.judge(key, service, this.#components.clock())
    if (verdict === 'spare' && showsAddresses(service, decision.addresses)) {
      return shows(service, decision.finding) ? 0 : this.#explain(service, decision)
    }
    if (verdict === 'explain') await this.#giveIn(key)
    if (verdict === 'explain' || verdict === 'wait')
      return this.#contention.retryMs(key, this.#components.clock())
    const answer = await this.#send(service, decision)
    this.#contention.wrote(key, answer, this.#components.clock())
    this.#tell(service, decision)
    return 0
  }

  async #explain(service: Service, decision: Decision): Promise<number> {
    const key = keyOf(service)
    const text = JSON.stringify(decision.finding)
    const waitMs = this.#repetition.waitMs(key, text, this.#components.clock())
    if (waitMs > 0) return waitMs
    await this.#send(service, decision)
    this.#repetition.said(key, text, this.#components.clock())
    this.#tell(service, decision)
    return 0
  }

  #tell(service: Service, { events }: Decision): void {
    for (const event of events) this.#components.events.record({ object: service, ...event })
  }

  async #send(service: Service, writing: Writing): Promise<Service> {
    const { client, metrics, term, log } = this.#components
    const key = keyOf(service)
    const { apiVersion, kind } = SERVICES
    metrics.updates.inc()
    try {
      const patch = servicePatch(service, writing, timestamp())
      const answer = await client.request<Service>({ ...patch, ...term.bounds() })
      delete answer.metadata?.managedFields
      this.#answers.set(key, {
        follows: service.metadata?.resourceVersion,
        answer: Object.assign(answer, { apiVersion, kind }),
      })
      const { write, pool, finding } = writing
      const ips = writing.addresses.map(formatAddress)
      log.info(
        { service: key, write, ...(pool !== null && { pool }), ips, reason: finding?.reason },
        'Service written',
      )
      return answer
    } catch (error) {
      metrics.updateErrors.inc()
      throw error
    }
  }

  /** Says on the Service who writes its status, and that we do not any more. */
  async #giveIn(key: string): Promise<void> {
    const { client, events, log, term, clock } = this.#components
    const [namespace = '', name = ''] = key.split('/')
    const path = pathOf(SERVICES, { namespace, name })
    const service = await client.request<Service>({ path, ...term.bounds() })
    const writer = foreignWriter(service)
    const finding = contested(writer)
    if (!shows(service, finding)) {
      await this.#send(service, { write: 'explain', addresses: [], pool: null, finding })
      this.#answers.delete(key) // it follows what we read, which the watch need not have shown
      events.record({ object: service, type: 'Warning', reason: finding.reason, message: finding.message })
      log.warn({ service: key, writer }, 'somebody else keeps writing the status: left alone')
    }
    this.#contention.explained(key, clock())
  }
}

function contested(writer: string | null): Finding {
  const who = writer === null ? 'somebody else' : `the field manager ${JSON.stringify(writer)}`
  const message = `${who} keeps writing other addresses to status.loadBalancer: left alone until the Service is changed or that writer stops`
  return { status: 'False', reason: 'ContestedStatus', message }
}

function shows(service: Service, finding: Finding | null): boolean {
  const shown = conditionOf(service, ALLOCATED_CONDITION)
  return finding === null ? shown === undefined : says(shown, finding)
}

function showsAddresses({ status }: Service, addresses: readonly Address[]): boolean {
  const shown = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip)
  return isDeepStrictEqual(shown, addresses.map(formatAddress))
}
