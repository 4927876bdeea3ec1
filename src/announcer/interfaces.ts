// Which interfaces can announce at all, and which of them announce a given address.
import { type Address, type Family, intersect, type Range } from '../ip/index.ts'
import { isLinkLocal } from '../packet/index.ts'
import type { FitLink, InterfaceAddress, Link } from './link.ts'

const ADDRESS_BITS = { IPv4: 32, IPv6: 128 } as const

/** All that may matter to what a node announces. */
export interface NodeLinks {
  /** Those that can announce now, see `fitLinks`. */
  readonly fit: readonly FitLink[]
  /** The same, and those that could if they were up, or nobody had excluded or enslaved them. */
  readonly lans: readonly Link[]
}

/** `exclusions` as for `fitLinks`. */
export function nodeLinks(links: readonly Link[], exclusions: readonly RegExp[]): NodeLinks {
  return { fit: fitLinks(links, exclusions), lans: links.filter(canSpeakArp) }
}

/**
 * Those that can announce at all. The rules are MetalLB's; an interface needs no IPv4 address of its own.
 * `exclusions` are matched anywhere in the name (so `^` and `$` matter).
 */
export function fitLinks(links: readonly Link[], exclusions: readonly RegExp[]): readonly FitLink[] {
  return links.filter((link): link is FitLink => {
    const isExcluded = exclusions.some((exclusion) => exclusion.test(link.name))
    return canSpeakArp(link) && link.isUp && !link.isEnslaved && !isExcluded
  })
}

function canSpeakArp({ mac, canBroadcast, hasArpDisabled }: Link): boolean {
  return mac !== null && canBroadcast && !hasArpDisabled
}

/**
 * The fit ones of its family that announce `address`: of those named, whatever their subnets; else of those with a subnet
 * that has it; else all. Where the one with the subnet is down, nothing announces it: in the other LANs it has no business.
 */
export function announcingLinks(
  address: Address,
  named: readonly string[] | null,
  { fit: fitForSome, lans }: NodeLinks,
): readonly FitLink[] {
  const fit = fitForSome.filter((link) => speaks(link, address.family))
  if (named !== null) return fit.filter(({ name }) => named.includes(name))
  const isNear = ({ networks }: Link): boolean => networks.some((network) => contains(network, address))
  return lans.some(isNear) ? fit.filter(isNear) : fit
}

/** Those that announce addresses of `range`, each by the rules of `announcingLinks`. */
export function linksForRange(
  range: Range,
  named: readonly string[] | null,
  { fit: fitForSome, lans }: NodeLinks,
): readonly FitLink[] {
  const fit = fitForSome.filter((link) => speaks(link, range.family))
  if (named !== null) return fit.filter(({ name }) => named.includes(name))
  const hasNear = (value: bigint): boolean =>
    lans.some(({ networks }) =>
      networks.some((network) => contains(network, { family: range.family, value })),
    )
  if (!hasNear(range.first) || !hasNear(range.last)) return fit
  const overlaps = (network: InterfaceAddress): boolean =>
    hostBitsOf(network) > 0n && intersect(rangeOf(network), range) !== null
  return fit.filter(({ networks }) => networks.some(overlaps))
}

/** Where the kernel has no link-local address, IPv6 is off, and every packet would be lost that follows an answer. */
function speaks({ networks }: Link, family: Family): boolean {
  return (
    family === 'IPv4' ||
    networks.some(({ address }) => address.family === 'IPv6' && isLinkLocal(address.value))
  )
}

/** Single-address prefixes (/32, /128) are nobody's subnet: that is how a VIP is put on an interface by hand. */
function contains({ address: own, prefixLength }: InterfaceAddress, address: Address): boolean {
  const hostBits = hostBitsOf({ address: own, prefixLength })
  return own.family === address.family && hostBits > 0n && own.value >> hostBits === address.value >> hostBits
}

function rangeOf(network: InterfaceAddress): Range {
  const { family, value } = network.address
  const hostBits = hostBitsOf(network)
  const first = (value >> hostBits) << hostBits
  return { family, first, last: first + (1n << hostBits) - 1n }
}

function hostBitsOf({ address: { family }, prefixLength }: InterfaceAddress): bigint {
  return BigInt(ADDRESS_BITS[family] - prefixLength)
}
