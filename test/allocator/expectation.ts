// What the model expects of one Service: what it keeps, what it gets, and whether it goes on wishing.
import {
  type Book,
  type FamilyName,
  type PoolRules,
  type Rules,
  type Wish,
  familyOf,
  sameSet,
  whoBars,
  whoExpels,
} from './model.ts'

export interface Possession {
  readonly addresses: readonly string[]
  readonly pool: string | null
}

export interface Expectation {
  /** For each address of the assignment those that may be it, the best first; empty: no assignment. */
  readonly choices: readonly (readonly string[])[]
  readonly pool: string | null
  /** Whether something it asks for is not granted. */
  readonly unmet: boolean
}

const NOTHING: Expectation = { choices: [], pool: null, unmet: true }

/** @param barred addresses that it does not get anew. */
export function expect(
  rules: Rules,
  book: Book,
  wish: Wish,
  possession: Possession,
  barred: readonly string[] = [],
): Expectation {
  const kept = whatStays(rules, book, wish, possession)
  const anew = (): Expectation | null => grant(rules, book, wish, barred)
  if (kept.addresses.length === 0) return anew() ?? NOTHING
  const asItIs = { choices: kept.addresses.map((address) => [address]), pool: kept.pool }
  if (wish.problem !== null) return { ...asItIs, unmet: true }
  const missing = wish.families.filter((family) => !kept.addresses.map(familyOf).includes(family))
  const otherPool = wish.pool !== '' && wish.pool !== kept.pool
  const otherAddresses = wish.addresses.length > 0 && !sameSet(wish.addresses, kept.addresses)
  const tooFew = wish.addresses.length > 0 && missing.length > 0
  if (otherPool || otherAddresses || tooFew || missing.length === wish.families.length) {
    return anew() ?? { ...asItIs, unmet: true }
  }
  const [family] = missing
  if (family === undefined) return { ...asItIs, unmet: false }
  const pool = rules.pools.find(({ name }) => name === kept.pool)
  const seconds =
    pool === undefined || isRefused(rules, pool.name) ? [] : offers(book, wish, pool, family, barred)
  if (seconds.length > 0) return { choices: [...asItIs.choices, seconds], pool: kept.pool, unmet: false }
  return (wish.required ? anew() : null) ?? { ...asItIs, unmet: true }
}

/** Of what it has, what nothing forbids it to keep; of two that cannot stay together the first that can alone. */
export function whatStays(rules: Rules, book: Book, wish: Wish, { addresses, pool }: Possession): Possession {
  const fitting = addresses.filter((address) => wish.families.includes(familyOf(address)))
  const wanted = fitting.length > 0 ? fitting : addresses
  for (const part of [wanted, ...(wanted.length > 1 ? wanted.map((address) => [address]) : [])]) {
    const home = part.length === 0 ? undefined : homeOf(rules, book, wish, part, pool)
    if (home !== undefined) return { addresses: part, pool: home.pool }
  }
  return { addresses: [], pool: null }
}

/** The pool under which the addresses stay, `null` when none is known; `undefined`: they do not stay. */
function homeOf(
  rules: Rules,
  book: Book,
  wish: Wish,
  addresses: readonly string[],
  recorded: string | null,
): { pool: string | null } | undefined {
  if (addresses.some((address) => whoExpels(book, wish, address).length > 0)) return undefined
  return homeByPools(rules, wish, addresses, recorded)
}

export function homeByPools(
  rules: Rules,
  wish: Wish,
  addresses: readonly string[],
  recorded: string | null,
): { pool: string | null } | undefined {
  if (recorded !== null && isRefused(rules, recorded)) return { pool: recorded }
  const hasAll = ({ listed }: { listed: readonly string[] }): boolean =>
    addresses.every((address) => listed.includes(address))
  const pool = rules.pools.find(hasAll)
  if (pool !== undefined) {
    const avoided = addresses.some((address) => pool.withheld.get(address) === 'AddressAvoided')
    return avoided || pool.forbids(wish) !== null ? undefined : { pool: pool.name }
  }
  const refused = rules.refused.find(hasAll)
  if (refused !== undefined) return { pool: refused.name }
  return rules.pools.length === 0 ? { pool: recorded } : undefined
}

function isRefused({ refused }: Rules, name: string): boolean {
  return refused.some((pool) => pool.name === name)
}

/** The best that a Service without an address can get now, or `null`. */
function grant(rules: Rules, book: Book, wish: Wish, barred: readonly string[]): Expectation | null {
  if (wish.problem !== null) return null
  if (wish.addresses.length > 0) return grantRequested(rules, book, wish)
  if (wish.pool !== '') {
    const named = rules.pools.filter(({ name, drain }) => name === wish.pool && !drain)
    return fromFirst(
      book,
      wish,
      named.filter((pool) => pool.forbids(wish) === null),
      barred,
    )
  }
  const open = rules.pools.filter((pool) => pool.autoAssign && !pool.drain && pool.forbids(wish) === null)
  const pinned = open.filter(({ priority }) => priority !== null)
  const inOrder = [...pinned].sort((a, b) => {
    const [first, second] = [a.priority ?? 0, b.priority ?? 0]
    return first === second ? (a.name < b.name ? -1 : 1) : first < second ? -1 : 1
  })
  const others = open.filter(({ priority }) => priority === null)
  return fromFirst(book, wish, inOrder, barred) ?? fromFirst(book, wish, others, barred)
}

function grantRequested(rules: Rules, book: Book, wish: Wish): Expectation | null {
  const { addresses, families } = wish
  const pool = rules.pools.find(({ listed }) => addresses.every((address) => listed.includes(address)))
  const granted =
    sameSet(addresses.map(familyOf), families) &&
    pool !== undefined &&
    (wish.pool === '' || wish.pool === pool.name) &&
    !pool.drain &&
    pool.forbids(wish) === null &&
    !addresses.some((address) => pool.withheld.has(address)) &&
    !addresses.some((address) => whoBars(book, wish, address).length > 0)
  return granted ? { choices: addresses.map((address) => [address]), pool: pool.name, unmet: false } : null
}

/** Both families from one pool where that is possible; else, where two are not required, one, the primary first. */
function fromFirst(
  book: Book,
  wish: Wish,
  pools: readonly PoolRules[],
  barred: readonly string[],
): Expectation | null {
  const all = (['IPv4', 'IPv6'] as const).filter((family) => wish.families.includes(family))
  const single = wish.required || wish.families.length < 2 ? [] : wish.families.map((family) => [family])
  for (const families of [all, ...single]) {
    for (const pool of pools) {
      const choices = families.map((family) => offers(book, wish, pool, family, barred))
      if (choices.every((list) => list.length > 0)) {
        return { choices, pool: pool.name, unmet: families.length < wish.families.length }
      }
    }
  }
  return null
}

/** What the pool has for it, in order. */
export function offers(
  book: Book,
  wish: Wish,
  { listed, withheld, drain }: PoolRules,
  family: FamilyName,
  barred: readonly string[] = [],
): string[] {
  if (drain) return []
  return listed.filter(
    (address) =>
      familyOf(address) === family &&
      !withheld.has(address) &&
      !barred.includes(address) &&
      whoBars(book, wish, address).length === 0,
  )
}
