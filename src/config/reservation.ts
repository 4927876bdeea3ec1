// Addresses that the cluster itself uses: no Service receives them, whatever the pools say.
import { type Range, RangeSet } from '../ip/index.ts'

/** `owner` as a person names it: `Node worker-1`, `ServiceCIDR kubernetes`. */
export interface Reservation {
  readonly range: Range
  readonly owner: string
}

export class Reservations {
  readonly #list: readonly Reservation[]
  readonly #addresses: RangeSet

  constructor(list: readonly Reservation[]) {
    this.#list = list
    this.#addresses = new RangeSet(list.map(({ range }) => range))
  }

  /** Those that have an address in common with `addresses`; ordinarily none, which is told at once. */
  within(addresses: RangeSet): Reservation[] {
    if (this.#addresses.overlap(addresses) === null) return []
    return this.#list.filter(({ range }) => addresses.overlap([range]) !== null)
  }
}
