// Services with a wish that is not granted, found by what could grant it: an address that is left, a pool with room.
import { type Address, type AddressKey, addressKey } from '../ip/index.ts'
import { type Aged, AgeOrder } from './age-order.ts'
import { type Refusal, type ServiceKey, poolsWithoutRoom } from './refusal.ts'
import type { Request } from './request.ts'

/** It may hold an address all the same, and wish for another or for one more. */
export interface Waiting {
  readonly request: Request
  readonly refusal: Refusal
}

export class WaitingList {
  readonly #entries = new Map<ServiceKey, Waiting>()
  readonly #byAddress = new Map<AddressKey, Set<ServiceKey>>()
  readonly #byPool = new Map<string, AgeOrder>()
  readonly #bySharingKey = new Map<string, AgeOrder>()

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
    const { service, createdAt, sharing } = request
    this.delete(service)
    this.#entries.set(service, { request, refusal })
    if (refusal.reason === 'AddressInUse') {
      const key = addressKey(refusal.address)
      this.#byAddress.set(key, (this.#byAddress.get(key) ?? new Set()).add(service))
    }
    const aged = { key: service, createdAt }
    for (const pool of poolsWithoutRoom(refusal)) add(this.#byPool, pool, aged)
    if (sharing.key !== '') add(this.#bySharingKey, sharing.key, aged)
  }

  delete(service: ServiceKey): void {
    const entry = this.#entries.get(service)
    if (entry === undefined) return
    this.#entries.delete(service)
    const { refusal } = entry
    if (refusal.reason === 'AddressInUse') {
      const key = addressKey(refusal.address)
      const waiting = this.#byAddress.get(key)
      waiting?.delete(service)
      if (waiting?.size === 0) this.#byAddress.delete(key)
    }
    this.#unlist(entry)
  }

  /** Keeps it out of `forRoomIn` and `forSharing` until it is put in again: somebody has called it already. */
  hide(service: ServiceKey): void {
    const entry = this.#entries.get(service)
    if (entry !== undefined) this.#unlist(entry)
  }

  forAddress(address: Address): Iterable<ServiceKey> {
    return this.#byAddress.get(addressKey(address)) ?? []
  }

  /** The oldest first. */
  forRoomIn(pool: string): Generator<Waiting> {
    return this.#listed(this.#byPool.get(pool))
  }

  /** Who could join others with this sharing key, the oldest first. */
  forSharing(key: string): Generator<Waiting> {
    return this.#listed(this.#bySharingKey.get(key))
  }

  #unlist({ request, refusal }: Waiting): void {
    const aged = { key: request.service, createdAt: request.createdAt }
    for (const pool of poolsWithoutRoom(refusal)) remove(this.#byPool, pool, aged)
    if (request.sharing.key !== '') remove(this.#bySharingKey, request.sharing.key, aged)
  }

  *#listed(order: AgeOrder | undefined): Generator<Waiting> {
    for (const { key } of order ?? []) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) yield entry
    }
  }
}

function add(orders: Map<string, AgeOrder>, name: string, entry: Aged): void {
  const order = orders.get(name) ?? new AgeOrder()
  orders.set(name, order)
  order.add(entry)
}

function remove(orders: Map<string, AgeOrder>, name: string, entry: Aged): void {
  const order = orders.get(name)
  order?.delete(entry)
  if (order?.size === 0) orders.delete(name)
}
