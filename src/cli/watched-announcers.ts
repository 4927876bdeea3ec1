// Who says that he announces which Service, as it changes.

import type { Logger } from 'pino'
import type { ServiceL2Status } from '../api/index.ts'
import { type ApiClient, Reflector, SERVICE_L2_STATUSES, type Startable } from '../kube/index.ts'
import { announcersOf } from './cluster.ts'

/** Nodes by the key of the Service; `null`: not known yet. */
export type Announcers = ReadonlyMap<string, readonly string[]> | null

export class WatchedAnnouncers implements Startable {
  readonly #statuses: Reflector<ServiceL2Status>
  readonly #waiting = new Set<() => void>()
  #now: Announcers = null

  /** @param namespace Of the installation. */
  constructor(components: { client: ApiClient; log: Logger }, namespace: string) {
    const onChange = (): void => {
      if (this.#now !== null) this.#look() // half of a list looks as if nobody announced the rest
    }
    this.#statuses = new Reflector(components, { resource: SERVICE_L2_STATUSES, namespace, onChange })
  }

  get now(): Announcers {
    return this.#now
  }

  start(): void {
    this.#statuses.start()
    void this.#statuses.synced.then(() => this.#look())
  }

  async stop(): Promise<void> {
    await this.#statuses.stop()
  }

  /** Resolves when `isSo`, or when the signal says that there is no more time: whether it was so. */
  async until(isSo: (announcers: Announcers) => boolean, over: AbortSignal): Promise<boolean> {
    if (isSo(this.#now) || over.aborted) return isSo(this.#now)
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        this.#waiting.delete(look)
        over.removeEventListener('abort', onOver)
        resolve(result)
      }
      const look = (): void => {
        if (isSo(this.#now)) end(true)
      }
      const onOver = (): void => end(false)
      this.#waiting.add(look)
      over.addEventListener('abort', onOver)
    })
  }

  #look(): void {
    this.#now = announcersOf([...this.#statuses.objects.values()])
    for (const look of this.#waiting) look()
  }
}
