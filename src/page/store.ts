// What the page knows of the cluster: Services, pools, nodes and what happened, as the status API told it last.

import { type Address, parseAddress } from '../ip/index.ts'
import type { PoolDetail, ServiceView, SpeakerView, Transition } from '../status/index.ts'

const REMEMBERED = 200

/** A Service, its addresses as numbers, and its text to be found by. */
export interface KnownService {
  readonly key: string
  readonly view: ServiceView
  readonly addresses: readonly Address[]
  readonly text: string
}

/** Whether something has an address and yet nobody answers for it as it should be. */
export function isTroubled({ state, announcedBy, announcement }: ServiceView): boolean {
  return state === 'Assigned' && (announcedBy.length === 0 || announcement?.status === 'False')
}

export class Store {
  readonly services = new Map<string, KnownService>()
  readonly pools = new Map<string, PoolDetail>()
  readonly speakers = new Map<string, SpeakerView>()
  /** The newest first. */
  readonly transitions: Transition[] = []
  readonly #ofPool = new Map<string, Map<string, KnownService>>()
  /** `undefined`: it has to be made anew. */
  #sorted: KnownService[] | undefined = []

  /** By key. */
  get sorted(): readonly KnownService[] {
    return (this.#sorted ??= [...this.services.values()].sort((a, b) => (a.key < b.key ? -1 : 1)))
  }

  ofPool(pool: string): Iterable<KnownService> {
    return this.#ofPool.get(pool)?.values() ?? []
  }

  clear(): void {
    for (const map of [this.services, this.pools, this.speakers, this.#ofPool]) map.clear()
    this.transitions.length = 0
    this.#sorted = []
  }

  putService(view: ServiceView): void {
    const key = `${view.namespace}/${view.name}`
    const addresses = view.ips.flatMap((ip) => parseAddress(ip) ?? [])
    const words = [key, ...view.ips, view.pool ?? '', ...view.announcedBy, view.reason ?? '']
    const before = this.services.get(key)
    const known = { key, view, addresses, text: words.join(' ').toLowerCase() }
    this.services.set(key, known)
    this.#sort(before, known)
    if (before?.view.pool !== undefined && before.view.pool !== view.pool)
      this.#ofPool.get(before.view.pool)?.delete(key)
    if (view.pool === undefined) return
    const members = this.#ofPool.get(view.pool)
    if (members === undefined) this.#ofPool.set(view.pool, new Map([[key, known]]))
    else members.set(key, known)
  }

  dropService(key: string): void {
    const pool = this.services.get(key)?.view.pool
    if (pool !== undefined) this.#ofPool.get(pool)?.delete(key)
    if (this.services.delete(key)) this.#sorted = undefined
  }

  addTransition(transition: Transition): void {
    this.transitions.unshift(transition)
    if (this.transitions.length > REMEMBERED) this.transitions.pop()
  }

  /** In place, and at the end, where lists that come in order go: sorting ten thousand anew would be felt. */
  #sort(before: KnownService | undefined, now: KnownService): void {
    const sorted = this.#sorted
    if (sorted === undefined) return
    if (before !== undefined) return replace(sorted, before, now)
    const last = sorted.at(-1)
    if (last === undefined || last.key < now.key) sorted.push(now)
    else this.#sorted = undefined
  }
}

function replace(sorted: KnownService[], before: KnownService, now: KnownService): void {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as KnownService).key < before.key) low = middle + 1
    else high = middle
  }
  sorted[low] = now
}
