// Which interfaces can announce at all, and which of them announce a given address.
import type { Address } from '../ip/index.ts'
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

/** Single-address prefixes (/32, /128) are nobody's subnet: that is how a VIP is put on an interface by hand. */
function contains({ address: own, prefixLength }: InterfaceAddress, address: Address): boolean {
  const hostBits = BigInt(ADDRESS_BITS[own.family] - prefixLength)
  return own.family === address.family && hostBits > 0n && own.value >> hostBits === address.value >> hostBits
}
