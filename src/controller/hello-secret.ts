// The Secret with which speakers sign what they say to each other: made when there is none. One that is there is the
// administrator's: it is neither read nor changed.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Secret } from '../api/index.ts'
import {
  type ApiClient,
  pathOf,
  Reflector,
  SECRETS,
  type Startable,
  type Term,
  tolerating,
  WorkQueue,
} from '../kube/index.ts'

/** The Secret's only key, as MetalLB names it. */
const KEY = 'secretkey'
/** RFC 2104 section 3: no fewer than the hash has, which is SHA-256. */
const SECRET_BYTES = 32

export interface HelloSecretComponents {
  client: ApiClient
  log: Logger
  /** Nothing is written outside it. */
  term: Term
}

export interface HelloSecretInit {
  namespace: string
  name: string
}

/**
 * Creates it again when somebody deletes it, which is a way to have another. Without an owner: speakers cannot start
 * without it, and are to start also while the Deployment is being replaced.
 */
export class HelloSecret implements Startable {
  readonly #components: HelloSecretComponents
  readonly #init: HelloSecretInit
  readonly #present: Reflector<Secret>
  readonly #queue: WorkQueue

  constructor(components: HelloSecretComponents, init: HelloSecretInit) {
    const { client, log } = components
    const { namespace, name } = init
    this.#components = components
    this.#init = init
    this.#queue = new WorkQueue({ log, concurrency: 1, handler: () => this.#ensure() })
    this.#present = new Reflector<Secret>(
      { client, log },
      {
        resource: SECRETS,
        namespace,
        fieldSelector: `metadata.name=${name}`,
        keep: ({ metadata = {} }) => ({ metadata }),
        onChange: () => this.#queue.add(name),
      },
    )
  }

  start(): void {
    this.#present.start()
    this.#queue.add(this.#init.name)
    void this.#present.synced.then(() => this.#queue.start())
  }

  async stop(): Promise<void> {
    await Promise.all([this.#queue.stop(), this.#present.stop()])
  }

  async #ensure(): Promise<void> {
    const { client, log, term } = this.#components
    const { namespace, name } = this.#init
    if (this.#present.objects.has(`${namespace}/${name}`) || term.isOver) return
    const text = randomBytes(SECRET_BYTES).toString('base64')
    const body = {
      apiVersion: SECRETS.apiVersion,
      kind: SECRETS.kind,
      metadata: { namespace, name },
      type: 'Opaque',
      data: { [KEY]: Buffer.from(text).toString('base64') },
    }
    const path = pathOf(SECRETS, { namespace })
    try {
      // Conflict: somebody else was faster, and the watch is about to show it.
      await tolerating(409, client.request({ method: 'POST', path, body, ...term.bounds() }))
      log.info({ secret: name }, 'the speakers have a secret')
    } catch (error) {
      if (!term.isOver) throw error
    }
  }
}
