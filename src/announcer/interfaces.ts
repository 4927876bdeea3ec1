// Which interfaces can announce at all, and which of them announce a given address.
import { type Address, intersect, type Range } from '../ip/index.ts'
import type { FitLink, InterfaceAddress, Link } from './link.ts'

const ADDRESS_BITS = { IPv4: 32, IPv6: 128 } as const

/**
 * Those that can announce at all. The rules are MetalLB's; an interface needs no IPv4 address of its own.
 * `exclusions` are matched anywhere in the name (so `^` and `$` matter).
 */
export function fitLinks(links: readonly Link[], exclusions: readonly RegExp[]): readonly FitLink[] {
  return links.filter((link): link is FitLink => {
    const canSpeakArp = link.mac !== null && link.canBroadcast && !link.hasArpDisabled
    const isExcluded = exclusions.some((exclusion) => exclusion.test(link.name))
    return canSpeakArp && link.isUp && !link.isEnslaved && !isExcluded
  })
}

/**
 * Those of `links` (all of them fit) that announce `address`: the ones named, whatever their subnets; else those
 * with a subnet that has it; else all.
 */
export function announcingLinks(
  address: Address,
  named: readonly string[] | null,
  links: readonly FitLink[],
): readonly FitLink[] {
  if (named !== null) return links.filter(({ name }) => named.includes(name))
  const near = links.filter(({ networks }) => networks.some((network) => contains(network, address)))
  return near.length > 0 ? near : links
}

/** Those of `links` that announce addresses of `range`, each by the rules of `announcingLinks`. */
export function linksForRange(
  range: Range,
  named: readonly string[] | null,
  links: readonly FitLink[],
): readonly FitLink[] {
  if (named !== null) return links.filter(({ name }) => named.includes(name))
  const hasNear = (value: bigint): boolean =>
    links.some(({ networks }) =>
      networks.some((network) => contains(network, { family: range.family, value })),
    )
  if (!hasNear(range.first) || !hasNear(range.last)) return links
  return links.filter(({ networks }) =>
    networks.some((network) => intersect(rangeOf(network), range) !== null),
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
