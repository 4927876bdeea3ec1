// One accepted pool in the ledger: what of it is held, what is free, what was given up a short while ago.
import type { Pool } from '../config/index.ts'
import { avoids } from '../config/index.ts'
import type { Address, Family } from '../ip/index.ts'
import { Occupancy, type Position } from './occupancy.ts'
import type { ServiceKey } from './refusal.ts'
import { SharedAddresses } from './shared-addresses.ts'
import type { Sharing } from './sharing.ts'
import { type PoolUsage, assignableCount, familyUsage } from './usage.ts'
import type { Users } from './users.ts'

/** An address that was given up is taken last for so long: caches and firewalls still know who had it (metallb#778). */
const REST_MS = 5 * 60_000

/** By whom an address was given up, and when, in ms. */
interface Rest {
  readonly by: ServiceKey
  readonly since: number
}

export class PoolPage<Held extends { readonly address: Address; readonly users: Users }> {
  readonly pool: Pool
  readonly occupancy: Readonly<Record<Family, Occupancy>>
  /** Also what is not given out any more and stays with who has it. */
  readonly held = new Set<Held>()
  readonly shared: Readonly<Record<Family, SharedAddresses>> = {
    IPv4: new SharedAddresses(),
    IPv6: new SharedAddresses(),
  }
  readonly #total: Readonly<Record<Family, bigint>>
  readonly #inUse: Record<Family, number> = { IPv4: 0, IPv6: 0 }
  /** Of `#inUse`, what could be given out were it free. */
  readonly #taken: Record<Family, number> = { IPv4: 0, IPv6: 0 }
  /** The longest first. They count as taken in `occupancy`. */
  readonly #resting: Readonly<Record<Family, Map<bigint, Rest>>> = { IPv4: new Map(), IPv6: new Map() }
  /** Which of these a Service gave up last. */
  readonly #former: Readonly<Record<Family, Map<ServiceKey, bigint>>> = { IPv4: new Map(), IPv6: new Map() }

  constructor(pool: Pool) {
    this.pool = pool
    this.#total = { IPv4: assignableCount(pool, 'IPv4'), IPv6: assignableCount(pool, 'IPv6') }
    this.occupancy = { IPv4: occupancyOf(pool, 'IPv4'), IPv6: occupancyOf(pool, 'IPv6') }
  }

  take(held: Held): void {
    const { address, users } = held
    this.held.add(held)
    if (users.haveKeys) for (const { sharing } of users) this.share(held, sharing)
    if (avoids(this.pool, address)) return
    this.#inUse[address.family] += 1
    if (!this.occupancy[address.family].take(address.value)) return
    this.#taken[address.family] += 1
    this.#endRest(address)
  }

  /** The last who had it has given it up. */
  free(held: Held, rest: Rest): void {
    const { address } = held
    this.held.delete(held)
    if (avoids(this.pool, address)) return
    this.#inUse[address.family] -= 1
    if (this.occupancy[address.family].positionOf(address.value) === null) return
    this.#taken[address.family] -= 1
    this.#beginRest(address, rest)
  }

  /** One of its users has these terms. */
  share({ address, users }: Held, sharing: Sharing): void {
    const position = sharing.key === '' ? null : this.positionOf(address)
    if (position !== null) this.shared[address.family].add(position, users, sharing)
  }

  /** Of its users one with these terms has left. */
  unshare({ address, users }: Held, sharing: Sharing): void {
    const position = sharing.key === '' ? null : this.positionOf(address)
    if (position !== null) this.shared[address.family].leave(position, users, sharing)
  }

  /** `null`: it is not for giving out. */
  positionOf(address: Address): Position | null {
    return avoids(this.pool, address) ? null : this.occupancy[address.family].positionOf(address.value)
  }

  /** The address rests since then, unless it is held or not for giving out. */
  rest(address: Address, rest: Rest): void {
    if (avoids(this.pool, address) || !this.occupancy[address.family].take(address.value)) return
    this.#beginRest(address, rest)
  }

  /** What the Service gave up last, if it still rests: to it the caches and firewalls may go on sending. */
  formerOf(service: ServiceKey, family: Family): bigint | null {
    return this.#former[family].get(service) ?? null
  }

  longestResting(family: Family): bigint | null {
    return this.#resting[family].keys().next().value ?? null
  }

  *rests(): Generator<[Address, Rest]> {
    for (const family of ['IPv4', 'IPv6'] as const) {
      for (const [value, rest] of this.#resting[family]) yield [{ family, value }, rest]
    }
  }

  endRests(now: number): void {
    for (const family of ['IPv4', 'IPv6'] as const) {
      for (const [value, { since }] of this.#resting[family]) {
        if (now - since < REST_MS) break
        this.#endRest({ family, value })
        this.occupancy[family].free(value)
      }
    }
  }

  #beginRest({ family, value }: Address, rest: Rest): void {
    this.#resting[family].set(value, rest)
    this.#former[family].set(rest.by, value)
  }

  #endRest({ family, value }: Address): void {
    const rest = this.#resting[family].get(value)
    if (rest === undefined) return
    this.#resting[family].delete(value)
    if (this.#former[family].get(rest.by) === value) this.#former[family].delete(rest.by)
  }

  usage(): PoolUsage {
    const of = (family: Family): PoolUsage[Family] =>
      familyUsage(this.#total[family], this.#inUse[family], this.#taken[family])
    return { IPv4: of('IPv4'), IPv6: of('IPv6') }
  }
}

function occupancyOf(pool: Pool, family: Family): Occupancy {
  return new Occupancy(
    pool.assignable.filter((range) => range.family === family),
    pool.avoidBuggyIPs ? (value) => avoids(pool, { family, value }) : () => false,
  )
}
