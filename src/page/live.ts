// Reads the lists, page by page, and follows what changes. Reads everything anew whenever the stream says so.

import type {
  PoolDetail,
  PoolView,
  ServiceDetail,
  ServiceView,
  SpeakerView,
  Transition,
} from '../status/index.ts'
import type { Store } from './store.ts'

/** Of one page: parsed and taken in at once, in a few ms. */
const LIMIT = 500
const RETRY_MS = 1000

/** While a long list is read what has come is shown so often. */
const SHOWN_EVERY_MS = 500

interface Page {
  readonly items: readonly never[]
  readonly continue?: string
}

export type Changed = 'services' | 'pools' | 'speakers' | 'transitions'

export interface LiveInit {
  readonly onChange: (what: Changed) => void
  readonly onConnection: (text: string, lost: boolean) => void
}

/** Asks until there is an answer: the API may be busy, or the connection gone for a while. */
async function read<T>(path: string): Promise<T> {
  for (;;) {
    try {
      const response = await fetch(path, { cache: 'no-store' })
      if (response.ok) return (await response.json()) as T
      if (response.status < 500) throw new TypeError(`${path}: ${response.status}`)
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith(path)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

/** `undefined`: it is gone. */
export async function readService(key: string): Promise<ServiceDetail | undefined> {
  return read<ServiceDetail>(`/api/v1/services/${key}`).catch(() => undefined)
}

export class Live {
  readonly #store: Store
  readonly #init: LiveInit
  /** Counts the readings of everything: one that is not the newest stops. */
  #reading = 0

  constructor(store: Store, init: LiveInit) {
    this.#store = store
    this.#init = init
  }

  start(): void {
    const stream = new EventSource('/api/v1/events')
    const on = (event: string, take: (data: never) => void): void =>
      stream.addEventListener(event, ({ data }: MessageEvent<string>) => take(JSON.parse(data) as never))
    const { onChange, onConnection } = this.#init
    stream.addEventListener('open', () => onConnection('live', false))
    stream.addEventListener('error', () => {
      onConnection('no connection: trying again', true)
      // After an answer other than 200 the browser itself does not (HTML Standard, section 9.2.3).
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.start(), RETRY_MS)
    })
    on('reset', () => void this.#readAll())
    on('service', (view: ServiceView) => {
      this.#store.putService(view)
      onChange('services')
    })
    on('service-gone', ({ key }: { key: string }) => {
      this.#store.dropService(key)
      onChange('services')
    })
    on('pool', ({ name }: PoolView) => void this.#readPool(name))
    on('pool-gone', ({ key }: { key: string }) => {
      this.#store.pools.delete(key)
      onChange('pools')
    })
    on('speaker', (view: SpeakerView) => {
      this.#store.speakers.set(view.node, view)
      onChange('speakers')
    })
    on('speaker-gone', ({ key }: { key: string }) => {
      this.#store.speakers.delete(key)
      onChange('speakers')
    })
    on('transition', (transition: Transition) => {
      this.#store.addTransition(transition)
      onChange('transitions')
    })
  }

  async #readAll(): Promise<void> {
    const reading = ++this.#reading
    const store = this.#store
    store.clear()
    const { onChange } = this.#init
    const isOld = (): boolean => reading !== this.#reading
    await this.#readList('/api/v1/speakers', isOld, (views: readonly SpeakerView[]) => {
      for (const view of views) store.speakers.set(view.node, view)
    })
    onChange('speakers')
    const names: string[] = []
    await this.#readList('/api/v1/pools', isOld, (views: readonly PoolView[]) => {
      for (const { name } of views) names.push(name)
    })
    for (const name of names) if (!isOld()) await this.#readPool(name)
    let shownAt = -Infinity
    await this.#readList('/api/v1/services', isOld, (views: readonly ServiceView[]) => {
      for (const view of views) store.putService(view)
      if (performance.now() - shownAt < SHOWN_EVERY_MS) return
      shownAt = performance.now()
      onChange('services')
    })
    const past: Transition[] = []
    await this.#readList('/api/v1/transitions', isOld, (some: readonly Transition[]) => {
      past.push(...some)
    })
    if (isOld()) return
    for (const transition of past.toReversed()) store.addTransition(transition)
    for (const what of ['services', 'transitions'] as const) onChange(what)
  }

  async #readList(
    path: string,
    isOld: () => boolean,
    take: (items: readonly never[]) => void,
  ): Promise<void> {
    let next: string | undefined = ''
    while (next !== undefined && !isOld()) {
      const page: Page = await read<Page>(`${path}?limit=${LIMIT}${next && `&continue=${next}`}`)
      if (isOld()) return
      take(page.items)
      next = page.continue
    }
  }

  async #readPool(name: string): Promise<void> {
    const detail = await read<PoolDetail>(`/api/v1/pools/${encodeURIComponent(name)}`).catch(() => undefined)
    if (detail === undefined) return
    this.#store.pools.set(name, detail)
    this.#init.onChange('pools')
  }
}
