// Why a Service does not get what it asks for: the reasons, and the sentence for each in one place.
import { type Address, type Family, formatAddress, quote } from '../ip/index.ts'
import type { SharingObstacle } from './sharing.ts'

/** `namespace/name`. */
export type ServiceKey = string

/** `reason` is stable: the event, the condition, the metric and the API show the same word. */
export type Refusal =
  | {
      readonly reason: 'NoPool'
      /** The pools that there are. */
      readonly refused: readonly string[]
      /** More pools may be about to come: who has an address is told nothing before that is known. */
      readonly provisional: boolean
    }
  | { readonly reason: 'NoClusterIP' }
  | { readonly reason: 'InvalidClusterIPs'; readonly value: string }
  | { readonly reason: 'NotDualStack' }
  | { readonly reason: 'InvalidAddressRequest'; readonly message: string }
  | { readonly reason: 'UnknownPool'; readonly pool: string }
  | { readonly reason: 'PoolRefused'; readonly pool: string }
  | { readonly reason: 'PoolForbidsService'; readonly pool: string; readonly because: 'namespace' | 'labels' }
  | { readonly reason: 'PoolExhausted'; readonly pool: string; readonly families: readonly Family[] }
  | {
      readonly reason: 'SecondFamilyUnavailable'
      readonly pool: string | null
      readonly family: Family
      readonly draining: boolean
      /** Pools that would do for both if they had room. */
      readonly elsewhere: readonly string[]
    }
  | {
      readonly reason: 'NoAddressAvailable'
      readonly pools: readonly string[]
      /** Pools that would do if they were not draining. */
      readonly draining: readonly string[]
      /** Pools that might do if they were accepted. */
      readonly refused: readonly string[]
      readonly families: readonly Family[]
    }
  | { readonly reason: 'AddressOutsidePools'; readonly addresses: readonly Address[] }
  | {
      readonly reason: 'AddressOfOtherPool'
      readonly address: Address
      readonly pool: string
      readonly asked: string
    }
  | { readonly reason: 'PoolDraining'; readonly pool: string }
  | { readonly reason: 'AddressExcluded'; readonly address: Address; readonly pool: string }
  | {
      readonly reason: 'AddressReserved'
      readonly address: Address
      readonly pool: string
      readonly owner: string
    }
  | { readonly reason: 'AddressAvoided'; readonly address: Address; readonly pool: string }
  | {
      readonly reason: 'FamilyMismatch'
      readonly asked: readonly Family[]
      readonly families: readonly Family[]
    }
  | {
      readonly reason: 'AddressInUse'
      readonly address: Address
      readonly holder: ServiceKey
      readonly obstacle: SharingObstacle
    }

/** Pools that would do if they had an address left. */
export function poolsWithoutRoom(refusal: Refusal): readonly string[] {
  if (refusal.reason === 'NoAddressAvailable') return refusal.pools
  if (refusal.reason === 'PoolExhausted') return [refusal.pool]
  if (refusal.reason !== 'SecondFamilyUnavailable') return []
  const { pool, elsewhere } = refusal
  return pool === null ? elsewhere : [...new Set([pool, ...elsewhere])]
}

/** The sentence a person reads: what is wrong, and where it helps, what to do. */
export function explain(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'NoPool':
      return explainNoPool(refusal)
    case 'NoClusterIP':
      return 'the Service has no cluster IP'
    case 'InvalidClusterIPs':
      return `the cluster IPs ${quote(refusal.value)} are not one address or one of each IP family`
    case 'NotDualStack':
      return 'ipFamilyPolicy RequireDualStack needs two cluster IPs, and the Service has one'
    case 'InvalidAddressRequest':
      return refusal.message
    case 'UnknownPool':
      return `unknown pool ${quote(refusal.pool)}`
    case 'PoolRefused':
      return `pool ${quote(refusal.pool)} is refused as it stands: see its status in ConfigurationState`
    case 'PoolForbidsService':
      return `pool ${quote(refusal.pool)} not compatible: its serviceAllocation excludes the Service's ${refusal.because}`
    case 'PoolExhausted':
      return `no available IPs in pool ${quote(refusal.pool)} for ${refusal.families.join(' and ')}`
    case 'SecondFamilyUnavailable':
      return explainSecond(refusal)
    case 'NoAddressAvailable':
      return explainNoAddress(refusal)
    case 'AddressOutsidePools':
      return `${addresses(refusal.addresses)} is not allowed in config: ${
        refusal.addresses.length > 1 ? 'no pool has them both' : 'no pool has it'
      }`
    case 'AddressOfOtherPool':
      return (
        `${addresses([refusal.address])} is not compatible with requested address pool ${quote(refusal.asked)}: ` +
        `it belongs to ${quote(refusal.pool)}`
      )
    case 'PoolDraining':
      return `pool ${quote(refusal.pool)} is draining (spec.drain): it gives nothing more out`
    case 'AddressExcluded':
      return `${addresses([refusal.address])} is in excludeAddresses of pool ${quote(refusal.pool)}`
    case 'AddressReserved':
      return (
        `${addresses([refusal.address])} of pool ${quote(refusal.pool)} is not given out: ` +
        `the cluster itself uses it (${refusal.owner})`
      )
    case 'AddressAvoided':
      return `${addresses([refusal.address])} is not allowed in config: avoidBuggyIPs of pool ${quote(refusal.pool)}`
    case 'FamilyMismatch':
      return (
        `asked for ${refusal.asked.join(' and ')}, which does not match the ipFamily of the Service, ` +
        refusal.families.join(' and ')
      )
    case 'AddressInUse':
      break
  }
  return explainObstacle(refusal)
}

function explainNoPool({ refused, provisional }: Extract<Refusal, { reason: 'NoPool' }>): string {
  if (provisional) return 'no pool that there is now has it'
  const none = refused.length === 0 ? 'there is no IPAddressPool; create one' : seeRefused(refused)
  return `no available IPs: ${none}`
}

function seeRefused(pools: readonly string[]): string {
  return `see the conditions of what is refused: ${someOf(pools)}`
}

function explainSecond({
  pool,
  family,
  draining,
}: Extract<Refusal, { reason: 'SecondFamilyUnavailable' }>): string {
  if (pool === null) return `no ${family} address as second: its pool is not known`
  return draining
    ? `no ${family} address as second: pool ${quote(pool)} is draining (spec.drain)`
    : `no available IPs in pool ${quote(pool)} for ${family} as second family`
}

function explainNoAddress({
  pools,
  draining,
  refused,
  families,
}: Extract<Refusal, { reason: 'NoAddressAvailable' }>): string {
  const drained = draining.length > 0 ? [`${someOf(draining)} would do, but for draining (spec.drain)`] : []
  const others = refused.length > 0 ? [...drained, seeRefused(refused)] : drained
  if (pools.length > 0) {
    return [`no available IPs for ${families.join(' and ')} in ${someOf(pools)}`, ...others].join('; ')
  }
  const none = draining.length > 0 ? [] : ['no pool with autoAssign is for this Service']
  return `no available IPs: ${[...none, ...others].join('; ')}`
}

function explainObstacle({
  address,
  holder,
  obstacle,
}: Extract<Refusal, { reason: 'AddressInUse' }>): string {
  const used = `${addresses([address])} is also in use by ${quote(holder)}`
  switch (obstacle.kind) {
    case 'port':
      return `port ${obstacle.port} is already in use: ${used}`
    case 'key':
      return `can't change sharing key: ${used}, which does not share it with this Service`
    case 'backend':
      break
  }
  return `can't change sharing key: ${used}, whose externalTrafficPolicy or selector differs`
}

const NAMED = 5

/** The first few by name, since an event has room for 1,024 characters. */
export function someOf(names: readonly string[]): string {
  const named = names.slice(0, NAMED).map(quote).join(', ')
  return names.length > NAMED ? `${named} and ${names.length - NAMED} more` : named
}

/** Quoted, with `and` between. */
export function addresses(list: readonly Address[]): string {
  return quoted(list, ' and ')
}

/** Quoted, with commas between. */
export function addressList(list: readonly Address[]): string {
  return quoted(list, ', ')
}

/** An address has nothing that would have to be escaped. */
function quoted(list: readonly Address[], separator: string): string {
  let text = ''
  for (const address of list) text += `${text === '' ? '' : separator}"${formatAddress(address)}"`
  return text
}
