// The ConfigurationState object of one process: whether it could use the configuration that it read, and why not.

import type { Logger } from 'pino'
import type { ConfigurationState } from '../api/index.ts'
import type { ConfigurationRefusal } from '../config/index.ts'
import { type ApiClient, PATCH } from './client.ts'
import { CONFIGURATION_STATES } from './collections.ts'
import { withCondition } from './conditions.ts'
import { tolerating } from './errors.ts'
import { logFields } from './log-fields.ts'
import type { OwnPod } from './own-pod.ts'
import { Reflector } from './reflector.ts'
import { pathOf } from './resource.ts'
import type { Startable } from './startable.ts'
import { timestamp } from './time.ts'
import { WorkQueue } from './work-queue.ts'

/** Characters that a metav1.Condition takes. */
const MESSAGE_LIMIT = 32_768
/** Between two writes, and up to as much again: all speakers see the same change at the same moment. */
const PACE_MS = 1000

export interface ConfigurationStateComponents {
  client: ApiClient
  log: Logger
  /** The object goes when our pod does. */
  ownPod: OwnPod
}

export interface ConfigurationStateInit {
  namespace: string
  /** Absent: the controller's. */
  node?: string
}

/** Writes the object when what it says changes, once a second at most, or when somebody deleted it. */
export class ConfigurationStateWriter implements Startable {
  readonly #client: ApiClient
  readonly #log: Logger
  readonly #ownPod: OwnPod
  readonly #init: ConfigurationStateInit
  readonly #queue: WorkQueue
  readonly #own: Reflector<ConfigurationState>
  #errors: readonly string[] | undefined
  /** What we wrote, until the watch shows it. */
  #written: ConfigurationState | undefined
  /** By performance.now(). */
  #notBefore = 0

  constructor({ client, log, ownPod }: ConfigurationStateComponents, init: ConfigurationStateInit) {
    this.#client = client
    this.#log = log
    this.#ownPod = ownPod
    this.#init = init
    this.#queue = new WorkQueue({ log, concurrency: 1, handler: () => this.#write() })
    this.#own = new Reflector<ConfigurationState>(
      { client, log },
      {
        resource: CONFIGURATION_STATES,
        namespace: init.namespace,
        fieldSelector: `metadata.name=${this.#name}`,
        onChange: () => {
          this.#written = undefined
          this.#queue.add(this.#name)
        },
      },
    )
  }

  start(): void {
    this.#own.start()
    void this.#own.synced.then(() => this.#queue.start())
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    await this.#own.stop()
  }

  /** The configuration has been read: with these refusals, none if it is valid. Each is logged when it is new. */
  report(refusals: readonly ConfigurationRefusal[]): void {
    const before = new Set(this.#errors)
    this.#errors = refusals.map((refusal) => {
      const { object, ...problem } = refusal
      const error = `${object.kind} ${object.name}: ${problem.message}`
      if (!before.has(error))
        this.#log.warn({ ...logFields(object.kind, object.name), ...problem }, 'refused')
      return error
    })
    this.#queue.add(this.#name)
  }

  /** Another process says it from now on. */
  withdraw(): void {
    this.#errors = undefined
  }

  get #name(): string {
    return this.#init.node === undefined ? 'controller' : `speaker-${this.#init.node}`
  }

  async #write(): Promise<void> {
    if (this.#errors === undefined) return
    const [shown] = this.#own.objects.values()
    const present = this.#written ?? shown
    if (present === undefined) return this.#create()
    const status = this.#status(this.#errors, present)
    if (status === undefined) return
    const waitMs = this.#notBefore - performance.now()
    if (waitMs > 0) return this.#queue.addAfter(this.#name, waitMs)
    this.#notBefore = performance.now() + PACE_MS * (1 + Math.random())
    const path = pathOf(CONFIGURATION_STATES, {
      namespace: this.#init.namespace,
      name: this.#name,
      subresource: 'status',
    })
    const written = await this.#client.request<ConfigurationState>({
      method: 'PATCH',
      path,
      contentType: PATCH.merge,
      body: { status },
    })
    const [shownNow] = this.#own.objects.values()
    if (shownNow === shown) this.#written = written
  }

  /** A new object has no status; our own watch shows it and so brings us here again. */
  async #create(): Promise<void> {
    const { namespace, node } = this.#init
    const labels = { 'metallb.io/component-type': node === undefined ? 'controller' : 'speaker' }
    const body = {
      apiVersion: CONFIGURATION_STATES.apiVersion,
      kind: CONFIGURATION_STATES.kind,
      metadata: {
        name: this.#name,
        namespace,
        labels: node === undefined ? labels : { ...labels, 'metallb.io/node-name': node },
        ownerReferences: await this.#ownPod.ownerReferences(),
      },
    }
    // Conflict: it is there already, and its watch event on its way.
    const path = pathOf(CONFIGURATION_STATES, { namespace })
    await tolerating(409, this.#client.request({ method: 'POST', path, body }))
  }

  /** What the status should be; undefined when it is that already. */
  #status(errors: readonly string[], { status }: ConfigurationState): object | undefined {
    const valid = errors.length === 0
    const errorSummary = summaryOf(errors)
    const before = status?.conditions ?? []
    const conditions = withCondition(
      before,
      {
        type: this.#init.node === undefined ? 'poolReconcilerValid' : 'configReconcilerValid',
        status: valid ? 'True' : 'False',
        reason: valid ? 'Reconciled' : 'ConfigurationError',
        message: errorSummary,
      },
      timestamp(),
    )
    const result = valid ? 'Valid' : 'Invalid'
    if (conditions === before && status?.result === result && (status.errorSummary ?? '') === errorSummary)
      return undefined
    return { result, errorSummary, conditions }
  }
}

/** One a line: as many as a condition takes, and how many more there are. */
function summaryOf(errors: readonly string[]): string {
  const all = errors.map((error) => `configuration error: ${error}`)
  const whole = all.join('\n')
  if (whole.length <= MESSAGE_LIMIT) return whole
  const more = (count: number): string => `\nand ${count} more`
  let length = more(all.length).length
  const told = all.findIndex((line) => (length += line.length + 1) > MESSAGE_LIMIT)
  return told === 0 ? whole.slice(0, MESSAGE_LIMIT) : all.slice(0, told).join('\n') + more(all.length - told)
}
