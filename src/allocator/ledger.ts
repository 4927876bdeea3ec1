// Which address is held by which Services, and which are free in each pool. Judges no rule but that of sharing.
import { type Configuration, type Pool, avoids } from '../config/index.ts'
import type { Address, Family } from '../ip/index.ts'
import { Occupancy, type Position, isBefore } from './occupancy.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import { type Sharing, sharingObstacle } from './sharing.ts'
import { type PoolUsage, familyUsage } from './usage.ts'

interface PoolPage {
  readonly pool: Pool
  readonly occupancy: Readonly<Record<Family, Occupancy>>
  readonly inUse: Record<Family, bigint>
}

interface HeldAddress {
  readonly address: Address
  readonly page: PoolPage | null
  readonly users: Map<ServiceKey, Sharing>
}

export class Ledger {
  readonly #pages: ReadonlyMap<string, PoolPage>
  readonly #held = new Map<bigint, HeldAddress>()
  /** Addresses by the sharing keys of their users. */
  readonly #byKey = new Map<string, Set<HeldAddress>>()

  constructor({ pools }: Configuration) {
    this.#pages = new Map([...pools].map(([name, pool]) => [name, pageOf(pool)]))
  }

  hold(service: ServiceKey, addresses: readonly Address[], sharing: Sharing): void {
    for (const address of addresses) {
      const held = this.#held.get(idOf(address)) ?? this.#open(address)
      held.users.set(service, sharing)
      if (sharing.key === '') continue
      const sharers = this.#byKey.get(sharing.key)
      if (sharers === undefined) this.#byKey.set(sharing.key, new Set([held]))
      else sharers.add(held)
    }
  }

  release(service: ServiceKey, addresses: readonly Address[]): void {
    for (const address of addresses) {
      const held = this.#held.get(idOf(address))
      const sharing = held?.users.get(service)
      if (held === undefined || sharing === undefined) continue
      held.users.delete(service)
      if (![...held.users.values()].some(({ key }) => key === sharing.key)) this.#forgetKey(sharing.key, held)
      if (held.users.size === 0) this.#close(held)
    }
  }

  /** Why `service` cannot be a user of the address beside those that it has, or `null`. */
  obstacle(service: ServiceKey, address: Address, sharing: Sharing): Refusal | null {
    for (const [holder, theirs] of this.#held.get(idOf(address))?.users ?? []) {
      const obstacle = holder === service ? null : sharingObstacle(sharing, theirs)
      if (obstacle !== null) return { reason: 'AddressInUse', address, holder, obstacle }
    }
    return null
  }

  /** The first address of the pool, in its order, that is free or may be shared; `null` when there is none. */
  firstAcceptable(pool: string, family: Family, service: ServiceKey, sharing: Sharing): Address | null {
    const page = this.#pages.get(pool)
    if (page === undefined) return null
    let best: Position | null = page.occupancy[family].firstFree()
    for (const { address, page: itsPage } of this.#byKey.get(sharing.key) ?? []) {
      if (itsPage !== page || address.family !== family || avoids(page.pool, address)) continue
      const position = page.occupancy[family].positionOf(address.value)
      if (best !== null && isBefore(best, position)) continue
      if (this.obstacle(service, address, sharing) === null) best = position
    }
    return best === null ? null : { family, value: best.value }
  }

  /** Of all accepted pools, by name. */
  usage(): Map<string, PoolUsage> {
    return new Map(
      [...this.#pages].map(([name, { pool, inUse }]) => [
        name,
        {
          IPv4: familyUsage(pool, 'IPv4', inUse.IPv4),
          IPv6: familyUsage(pool, 'IPv6', inUse.IPv6),
        },
      ]),
    )
  }

  #open(address: Address): HeldAddress {
    const page = this.#pageOf(address)
    const held = { address, page, users: new Map<ServiceKey, Sharing>() }
    this.#held.set(idOf(address), held)
    if (page !== null && !avoids(page.pool, address)) {
      page.occupancy[address.family].take(address.value)
      page.inUse[address.family] += 1n
    }
    return held
  }

  #pageOf(address: Address): PoolPage | null {
    for (const page of this.#pages.values()) if (page.pool.addresses.contains(address)) return page
    return null
  }

  #close(held: HeldAddress): void {
    const { address, page } = held
    this.#held.delete(idOf(address))
    if (page !== null && !avoids(page.pool, address)) {
      page.occupancy[address.family].free(address.value)
      page.inUse[address.family] -= 1n
    }
  }

  #forgetKey(key: string, held: HeldAddress): void {
    const sharers = this.#byKey.get(key)
    sharers?.delete(held)
    if (sharers?.size === 0) this.#byKey.delete(key)
  }
}

function pageOf(pool: Pool): PoolPage {
  const occupancyOf = (family: Family): Occupancy =>
    new Occupancy(
      pool.ranges.filter((range) => range.family === family),
      (value) => avoids(pool, { family, value }),
    )
  return {
    pool,
    occupancy: { IPv4: occupancyOf('IPv4'), IPv6: occupancyOf('IPv6') },
    inUse: { IPv4: 0n, IPv6: 0n },
  }
}

/** One number for both families: those of IPv6 begin above all of IPv4. */
function idOf({ family, value }: Address): bigint {
  return family === 'IPv4' ? value : value + (1n << 128n)
}
