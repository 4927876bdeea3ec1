// Which address is held by which Services, and which are free in each pool. Judges no rule but that of sharing.
import { type Configuration, type Pool, samePool, sameTerms } from '../config/index.ts'
import { type Address, type AddressKey, addressKey, type Family } from '../ip/index.ts'
import { PoolPage } from './pool-page.ts'
import { type Position, isBefore } from './occupancy.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import { type Sharing, type SharingObstacle, sharingObstacle } from './sharing.ts'
import type { PoolUsage } from './usage.ts'
import { type User, Users } from './users.ts'

interface HeldAddress {
  readonly address: Address
  /** Of the accepted pool that has the address, or `null`. */
  page: PoolPage<HeldAddress> | null
  readonly users: Users
}

/** Who looks for an address. */
interface Newcomer {
  readonly service: ServiceKey
  readonly sharing: Sharing
  /** What it has, or has not given up in all eyes: with that it is in nobody's way but others'. */
  readonly own: readonly (readonly Address[] | undefined)[]
}

export class Ledger {
  #configuration: Configuration
  #pages: ReadonlyMap<string, PoolPage<HeldAddress>>
  readonly #held = new Map<AddressKey, HeldAddress>()
  /** Held, and in no accepted pool. */
  readonly #strays = new Set<HeldAddress>()
  #now = 0

  constructor(configuration: Configuration) {
    this.#configuration = configuration
    this.#pages = new Map([...configuration.pools].map(([name, pool]) => [name, new PoolPage(pool)]))
  }

  /** Time goes on: what has rested long enough is as free as any other. `now` in ms of a clock that never goes back. */
  advance(now: number): void {
    this.#now = now
    for (const page of this.#pages.values()) page.endRests(now)
  }

  hold(service: ServiceKey, addresses: readonly Address[], sharing: Sharing): void {
    for (const address of addresses) this.#use(address, { service, sharing, leaving: false })
  }

  /** The Service gives the address up, and nobody else has it before its object says so too: a crash would find both. */
  leave(service: ServiceKey, address: Address, sharing: Sharing): void {
    this.#use(address, { service, sharing, leaving: true })
  }

  /** The sharing keys of those who have the address still: under which others may join them. */
  release(service: ServiceKey, address: Address): Iterable<string> {
    const held = this.#held.get(addressKey(address))
    if (held === undefined) return []
    this.#forgetUser(held, service)
    if (held.users.isEmpty) this.#close(held, service)
    return held.users.keys()
  }

  /** Whether the pool has an address of the family to give out that nobody has. */
  hasRoom(pool: string, family: Family): boolean {
    const page = this.#pages.get(pool)
    if (page === undefined || page.pool.drain) return false
    return page.occupancy[family].firstFree() !== null || page.longestResting(family) !== null
  }

  isFree(address: Address): boolean {
    return !this.#held.has(addressKey(address))
  }

  /** The accepted pool that has the address, or `null`. */
  poolOf(address: Address): Pool | null {
    return this.#configuration.index.find(address)
  }

  /** Why `service` cannot become a user of the address beside those that it has, or `null`. */
  obstacle(service: ServiceKey, address: Address, sharing: Sharing): Refusal | null {
    const users = this.#held.get(addressKey(address))?.users
    return users === undefined
      ? null
      : obstacleAmong(users, address, sharing, (user) => user.service !== service)
  }

  /** Why `service` cannot stay a user of the address; who is about to leave it is no obstacle to that. */
  obstacleToStay(service: ServiceKey, address: Address, sharing: Sharing): Refusal | null {
    const users = this.#held.get(addressKey(address))?.users
    const counts = (user: User): boolean => user.service !== service && !user.leaving
    return users === undefined ? null : obstacleAmong(users, address, sharing, counts)
  }

  /** Who has the address and does not share it with `service`. */
  rivals(service: ServiceKey, address: Address, sharing: Sharing): ServiceKey[] {
    const users = this.#held.get(addressKey(address))?.users ?? []
    const isRival = (user: User): boolean =>
      user.service !== service && !user.leaving && sharingObstacle(sharing, user.sharing) !== null
    return [...users].filter(isRival).map((user) => user.service)
  }

  /**
   * What the newcomer gave up a short while ago, else the first address of the pool, in its order, that is free or may be
   * shared; `null` when there is none.
   */
  firstAcceptable(pool: string, family: Family, newcomer: Newcomer): Address | null {
    const page = this.#pages.get(pool)
    if (page === undefined || page.pool.drain) return null
    const former = page.formerOf(newcomer.service, family)
    if (former !== null) return { family, value: former }
    const free = page.occupancy[family].firstFree()
    const shared = newcomer.sharing.key === '' ? null : this.#firstShared(page, family, newcomer)
    const first = earlier(free, shared)
    const value = first === null ? page.longestResting(family) : first.value
    return value === null ? null : { family, value }
  }

  /**
   * Makes this the configuration in force.
   *
   * @returns who has an address in a pool that is new or gone or has other terms, or in none.
   */
  reconfigure(configuration: Configuration): Set<ServiceKey> {
    const before = this.#pages
    this.#configuration = configuration
    const concerned = new Set<ServiceKey>()
    const strays = [...this.#strays]
    this.#strays.clear()
    const pages = [...configuration.pools].map(([name, pool]) => {
      const page = before.get(name)
      return [
        name,
        page !== undefined && samePool(page.pool, pool) ? page : new PoolPage<HeldAddress>(pool),
      ] as const
    })
    this.#pages = new Map(pages)
    for (const [name, page] of before) {
      if (this.#pages.get(name) === page) continue
      for (const [address, rest] of page.rests()) this.#pageOf(address)?.rest(address, rest)
      const heir = this.#pages.get(name)
      const sameForAll = heir !== undefined && sameTerms(page.pool, heir.pool)
      for (const held of page.held) {
        this.#place(held)
        if (!sameForAll || held.page !== heir) addUsers(concerned, held)
      }
    }
    for (const held of strays) {
      this.#place(held)
      addUsers(concerned, held)
    }
    return concerned
  }

  /** Of all accepted pools, by name. */
  usage(): Map<string, PoolUsage> {
    return new Map([...this.#pages].map(([name, page]) => [name, page.usage()]))
  }

  /** Held addresses that lie in no accepted pool. */
  *strays(): Generator<Address> {
    for (const { address } of this.#strays) yield address
  }

  #firstShared(
    page: PoolPage<HeldAddress>,
    family: Family,
    { service, sharing, own }: Newcomer,
  ): Position | null {
    const obstacle = (users: Users): SharingObstacle | null => {
      const rival = users.firstRival(sharing, (user) => user.service !== service)
      return rival && sharingObstacle(sharing, rival.sharing)
    }
    let first = page.shared[family].first(sharing, obstacle)
    for (const address of own.flatMap((addresses) => addresses ?? [])) {
      const held = address.family === family ? this.#held.get(addressKey(address)) : undefined
      if (held?.page !== page || !held.users.keys().has(sharing.key)) continue
      if (obstacle(held.users) === null) first = earlier(first, page.positionOf(address))
    }
    return first
  }

  #use(address: Address, user: User): void {
    const key = addressKey(address)
    const held = this.#held.get(key) ?? this.#open(key, address)
    if (held.users.hasSole(user)) return
    this.#forgetUser(held, user.service)
    held.users.put(user)
    held.page?.share(held, user.sharing)
  }

  #open(key: AddressKey, address: Address): HeldAddress {
    const held: HeldAddress = { address, page: null, users: new Users() }
    this.#held.set(key, held)
    this.#place(held)
    return held
  }

  #place(held: HeldAddress): void {
    held.page = this.#pageOf(held.address)
    if (held.page === null) this.#strays.add(held)
    else held.page.take(held)
  }

  #pageOf(address: Address): PoolPage<HeldAddress> | null {
    const pool = this.poolOf(address)
    return pool === null ? null : (this.#pages.get(pool.name) ?? null)
  }

  #close(held: HeldAddress, by: ServiceKey): void {
    this.#held.delete(addressKey(held.address))
    if (held.page === null) this.#strays.delete(held)
    else held.page.free(held, { by, since: this.#now })
  }

  #forgetUser(held: HeldAddress, service: ServiceKey): void {
    const user = held.users.remove(service)
    if (user !== null) held.page?.unshare(held, user.sharing)
  }
}

function obstacleAmong(
  users: Users,
  address: Address,
  sharing: Sharing,
  counts: (user: User) => boolean,
): Refusal | null {
  const rival = users.firstRival(sharing, counts)
  const obstacle = rival && sharingObstacle(sharing, rival.sharing)
  return obstacle && { reason: 'AddressInUse', address, holder: rival.service, obstacle }
}

function earlier(a: Position | null, b: Position | null): Position | null {
  return a === null || (b !== null && isBefore(b, a)) ? b : a
}

function addUsers(services: Set<ServiceKey>, { users }: HeldAddress): void {
  for (const { service } of users) services.add(service)
}
