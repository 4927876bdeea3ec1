// What is wrong with nodes and pools together, as the speakers tell of their interfaces and routers: addresses that nobody's
// subnet has, or that somebody has already; packets that the kernel would drop, or not carry. Pure.

import type { Pool } from '../config/index.ts'
import { formatRange, includes, intersect, parseAddress } from '../ip/index.ts'
import { isLinkLocal } from '../packet/index.ts'
import type { Hearing, InterfaceView } from '../status/index.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'
import { isSingle, neighbours, rangeOf, subnetOf, type Told, toldOf } from './told-interfaces.ts'

export function checkNodes(cluster: Cluster, hearings: readonly Hearing[]): Finding[] {
  const told = toldOf(hearings)
  const pools = [...cluster.configuration.pools.values()]
  return [
    ...(knowsAll(cluster, told) ? pools.flatMap((pool) => outsideSubnets(pool, told)) : []),
    ...pools.flatMap((pool) => takenAddresses(pool, told)),
    ...told.flatMap(strictFilters),
    ...differentMtus(told),
  ]
}

/** Whether each node that may announce has told: else the one that is missing may have the subnet. */
function knowsAll({ view: { eligible } }: Cluster, told: readonly Told[]): boolean {
  const nodes = new Set(told.map(({ node }) => node))
  return nodes.size > 0 && [...eligible].every((node) => nodes.has(node))
}

function outsideSubnets({ name, addresses }: Pool, told: readonly Told[]): Finding[] {
  const interfaces = told.flatMap(({ facts }) => facts.interfaces)
  const subnets = interfaces.flatMap(({ networks }) => networks.flatMap(subnetOf))
  const knowsIPv6 = !interfaces.some(hasBareIPv6)
  const outside = [...addresses].find(
    (run) =>
      (knowsIPv6 || run.family === 'IPv4') && subnets.every((subnet) => intersect(run, subnet) === null),
  )
  if (outside === undefined) return []
  return [
    {
      level: 'warning',
      reason: 'PoolOutsideSubnets',
      object: `IPAddressPool ${name}`,
      what: `no node has an interface in a subnet with ${formatRange(outside)}`,
      why: 'the LAN asks its router for such addresses and not the nodes, which announce them on every interface',
      remedy:
        'correct spec.addresses, unless a router has a route for them to this LAN: then there is nothing to do',
    },
  ]
}

/** DHCPv6 gives an address alone; its subnet, if there is one, is a route to the link (RFC 5942 section 4). */
function hasBareIPv6({ networks }: InterfaceView): boolean {
  const own = networks.filter((network) => !isIPv4(network)).flatMap(rangeOf)
  const wider = own.filter((range) => !isSingle(range) && !isLinkLocal(range.first))
  return own.some(isSingle) && wider.length === 0
}

function takenAddresses(pool: Pool, told: readonly Told[]): Finding[] {
  const object = `IPAddressPool ${pool.name}`
  const remedy = 'name it in spec.excludeAddresses, or take it out of spec.addresses'
  const gateways = new Map(
    told.flatMap(({ node, facts }) => facts.gateways.map(({ ip }) => [ip, `the router of ${node}`] as const)),
  )
  const own = new Map(
    told.flatMap(({ node, facts }) =>
      facts.interfaces.flatMap(({ name, networks }) =>
        networks
          .filter((network) => subnetOf(network).length > 0) // else somebody has put a Service's address there by hand
          .map((network) => [network.replace(/\/.*/, ''), `${node}, on ${name}`] as const),
      ),
    ),
  )
  return [
    ...[...gateways]
      .filter(([ip]) => givesOut(pool, ip))
      .map(([ip, whose]): Finding => ({
        level: 'error',
        reason: 'GatewayInPool',
        object,
        what: `${ip} belongs to ${whose}`,
        why: 'the Service that gets it cuts this LAN off from everything behind the router',
        remedy,
      })),
    ...[...own]
      .filter(([ip]) => givesOut(pool, ip))
      .map(([ip, whose]): Finding => ({
        level: 'error',
        reason: 'NodeAddressInPool',
        object,
        what: `${ip} belongs to ${whose}, which its Node object does not say`,
        why: 'the Service that gets it takes that node off the network',
        remedy,
      })),
  ]
}

function givesOut({ assignable }: Pool, ip: string): boolean {
  const address = parseAddress(ip)
  return address !== null && assignable.some((run) => includes(run, address))
}

/** On the interfaces that announce. */
function strictFilters({ node, facts, segments }: Told): Finding[] {
  const announcing = new Set(segments.flatMap(({ interface: name, isUp }) => (isUp ? name : [])))
  const isElsewhere = facts.interfaces.some(({ isDefault }) => isDefault)
  return facts.interfaces
    .filter(({ name, rpFilter }) => rpFilter === 'strict' && announcing.has(name))
    .flatMap(({ name, networks, isDefault }) => {
      const hasSubnet = networks.some((network) => isIPv4(network) && subnetOf(network).length > 0)
      if (hasSubnet && (isDefault || !isElsewhere)) return []
      return [
        {
          level: 'warning',
          reason: 'StrictReversePath',
          object: `Node ${node}`,
          what: hasSubnet
            ? `rp_filter is strict on ${name}, and its default route leaves by another interface`
            : `rp_filter is strict on ${name}, which has no IPv4 subnet`,
          why: hasSubnet
            ? `it drops what clients beyond the subnet of ${name} send to the addresses that it announces there`
            : 'it drops all IPv4 packets to the addresses that it announces there',
          remedy: `sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.${name}.rp_filter=2, for good in /etc/sysctl.d`,
        },
      ]
    })
}

function isIPv4(network: string): boolean {
  return !network.includes(':')
}

function differentMtus(told: readonly Told[]): Finding[] {
  const found = new Map<string, Finding>()
  for (const { node, own, peer, other } of neighbours(told)) {
    if (own.mtu <= other.mtu) continue
    const key = `${peer} ${other.name}`
    if (found.has(key)) continue
    found.set(key, {
      level: 'warning',
      reason: 'DifferentMTU',
      object: `Node ${peer}`,
      what: `its ${other.name} has an MTU of ${other.mtu}, and ${own.name} of ${node} on the same segment ${own.mtu}`,
      why: 'large packets between them are lost without a word: connections begin and then hang',
      remedy: 'give all interfaces of a segment the same MTU',
    })
  }
  return [...found.values()]
}
