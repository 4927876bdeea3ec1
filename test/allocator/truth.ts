// Whether what a refusal says is so, by the model. Says nothing on whether refusing was right: expectation.ts.
import type { Refusal } from '../../src/allocator/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { homeByPools, offers } from './expectation.ts'
import { type Book, type PoolRules, type Rules, type Wish, familyOf, sameSet, whoBars } from './model.ts'

interface Circumstances {
  readonly rules: Rules
  readonly book: Book
  readonly wish: Wish
  /** The pool that the Service has its address from, or `null`. */
  readonly pool: string | null
  /** Addresses to owners. */
  readonly reserved: Readonly<Record<string, string>>
  /** Addresses that the Service itself keeps others, and itself, from getting anew. */
  readonly barred: readonly string[]
}

export function isTrue(refusal: Refusal, circumstances: Circumstances): boolean {
  const { rules, wish } = circumstances
  const isRefused = (name: string): boolean => rules.refused.some((pool) => pool.name === name)
  const accepted = (name: string): PoolRules | undefined => rules.pools.find((pool) => pool.name === name)
  switch (refusal.reason) {
    case 'NoPool':
      return rules.pools.length === 0 && sameNames(rules.refused, refusal.refused)
    case 'NoClusterIP':
    case 'NotDualStack':
    case 'InvalidAddressRequest':
    case 'InvalidClusterIPs':
      return wish.problem === refusal.reason
    case 'UnknownPool':
      return wish.pool === refusal.pool && !isRefused(wish.pool) && accepted(wish.pool) === undefined
    case 'PoolRefused':
      return isRefused(refusal.pool)
    case 'PoolForbidsService':
      return accepted(refusal.pool)?.forbids(wish) === refusal.because
    case 'PoolDraining':
      return accepted(refusal.pool)?.drain === true
    case 'PoolExhausted':
    case 'SecondFamilyUnavailable':
    case 'NoAddressAvailable':
      return isRoomLacking(refusal, circumstances)
    case 'AddressInUse':
      return isInUse(refusal, circumstances)
    case 'FamilyMismatch':
    case 'AddressOutsidePools':
    case 'AddressOfOtherPool':
    case 'AddressAvoided':
    case 'AddressExcluded':
    case 'AddressReserved':
      break
  }
  return isAboutAddresses(refusal, circumstances)
}

type Reason<Name extends Refusal['reason']> = Extract<Refusal, { reason: Name }>

function isRoomLacking(
  refusal: Reason<'PoolExhausted' | 'SecondFamilyUnavailable' | 'NoAddressAvailable'>,
  { rules, book, wish, pool, barred }: Circumstances,
): boolean {
  const lacks = (source: PoolRules, families = wish.families): boolean =>
    families.some((family) => offers(book, wish, source, family, barred).length === 0)
  if (refusal.reason === 'NoAddressAvailable') {
    const meant = rules.pools.filter(({ autoAssign, forbids }) => autoAssign && forbids(wish) === null)
    const open = meant.filter(({ drain }) => !drain)
    const draining = meant.filter(({ drain }) => drain)
    return (
      sameNames(open, refusal.pools) &&
      sameNames(draining, refusal.draining) &&
      sameNames(rules.refused, refusal.refused) &&
      open.every((one) => lacks(one))
    )
  }
  const source = rules.pools.find(({ name }) => name === refusal.pool)
  if (refusal.reason === 'PoolExhausted') {
    const fits = source?.drain === false && source.forbids(wish) === null
    return fits && sameSet(wish.families, refusal.families) && lacks(source)
  }
  if (refusal.pool !== pool || !wish.families.includes(refusal.family)) return false
  return source === undefined || (source.drain === refusal.draining && lacks(source, [refusal.family]))
}

function isAboutAddresses(
  refusal: Reason<
    | 'FamilyMismatch'
    | 'AddressOutsidePools'
    | 'AddressOfOtherPool'
    | 'AddressAvoided'
    | 'AddressExcluded'
    | 'AddressReserved'
  >,
  { rules, wish, reserved }: Circumstances,
): boolean {
  if (refusal.reason === 'FamilyMismatch') {
    const families = wish.addresses.map(familyOf)
    return (
      families.length !== wish.families.length || families.some((family) => !wish.families.includes(family))
    )
  }
  if (refusal.reason === 'AddressOutsidePools') {
    const asked = refusal.addresses.map(formatAddress)
    const everywhere = [...rules.pools, ...rules.refused]
    return !everywhere.some(({ listed }) => asked.every((address) => listed.includes(address)))
  }
  const address = formatAddress(refusal.address)
  const home = rules.pools.find(({ name }) => name === refusal.pool)
  if (refusal.reason === 'AddressOfOtherPool') {
    const elsewhere = wish.pool === refusal.asked && refusal.pool !== refusal.asked
    return elsewhere && wish.addresses.includes(address) && home?.listed.includes(address) === true
  }
  if (home?.withheld.get(address) !== refusal.reason) return false
  return refusal.reason !== 'AddressReserved' || reserved[address] === refusal.owner
}

function isInUse(
  { address, holder, obstacle }: Reason<'AddressInUse'>,
  { book, wish }: Circumstances,
): boolean {
  const other = book.get(holder)
  if (other === undefined || !whoBars(book, wish, formatAddress(address)).includes(holder)) return false
  if (obstacle.kind === 'key') return wish.shareKey === '' || wish.shareKey !== other.wish.shareKey
  if (obstacle.kind !== 'port') return wish.backend !== other.wish.backend
  return wish.ports.includes(obstacle.port) && other.wish.ports.includes(obstacle.port)
}

function sameNames(pools: readonly { readonly name: string }[], names: readonly string[]): boolean {
  return sameSet(
    pools.map(({ name }) => name),
    names,
  )
}

/** Whether all may stay in the pool that they are said to be from, without an exception to be named. */
export function isPermitted(
  rules: Rules,
  wish: Wish,
  addresses: readonly string[],
  pool: string | null,
): boolean {
  const home = rules.pools.find(({ name }) => name === pool)
  return (
    home !== undefined &&
    homeByPools(rules, wish, addresses, null)?.pool === pool &&
    !addresses.some((address) => home.withheld.has(address))
  )
}
