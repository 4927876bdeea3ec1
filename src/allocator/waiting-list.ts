// Services with a wish that is not granted, found by what could grant it: an address that is left, a pool with room.
import type { Address } from '../ip/index.ts'
import { AgeOrder } from './age-order.ts'
import { type Refusal, type ServiceKey, poolsWithoutRoom } from './refusal.ts'
import type { Request } from './request.ts'

/** It may hold an address all the same, and wish for another or for one more. */
export interface Waiting {
  readonly request: Request
  readonly refusal: Refusal
}

export class WaitingList {
  readonly #entries = new Map<ServiceKey, Waiting>()
  readonly #byAddress = new Map<string, Set<ServiceKey>>()
  readonly #byPool = new Map<string, AgeOrder>()

  has(service: ServiceKey): boolean {
    return this.#entries.has(service)
  }

  get(service: ServiceKey): Waiting | undefined {
    return this.#entries.get(service)
  }

  /** In no order. */
  get all(): IterableIterator<Waiting> {
    return this.#entries.values()
  }

  put(request: Request, refusal: Refusal): void {
    const { service, createdAt } = request
    this.delete(service)
    this.#entries.set(service, { request, refusal })
    if (refusal.reason === 'AddressInUse') {
      const id = idOf(refusal.address)
      this.#byAddress.set(id, (this.#byAddress.get(id) ?? new Set()).add(service))
    }
    for (const pool of poolsWithoutRoom(refusal)) {
      const order = this.#byPool.get(pool) ?? new AgeOrder()
      this.#byPool.set(pool, order)
      order.add({ key: service, createdAt })
    }
  }

  delete(service: ServiceKey): void {
    const entry = this.#entries.get(service)
    if (entry === undefined) return
    this.#entries.delete(service)
    const { refusal, request } = entry
    if (refusal.reason === 'AddressInUse') {
      const id = idOf(refusal.address)
      const waiting = this.#byAddress.get(id)
      waiting?.delete(service)
      if (waiting?.size === 0) this.#byAddress.delete(id)
    }
    for (const pool of poolsWithoutRoom(refusal)) {
      const order = this.#byPool.get(pool)
      order?.delete({ key: service, createdAt: request.createdAt })
      if (order?.size === 0) this.#byPool.delete(pool)
    }
  }

  forAddress(address: Address): Iterable<ServiceKey> {
    return this.#byAddress.get(idOf(address)) ?? []
  }

  /** The oldest first. */
  *forRoomIn(pool: string): Generator<Waiting> {
    for (const { key } of this.#byPool.get(pool) ?? []) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) yield entry
    }
  }
}

function idOf({ family, value }: Address): string {
  return `${family} ${value}`
}
