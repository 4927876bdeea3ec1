// What the kernel says of this node's interfaces and routes, read when somebody asks. Needs no privilege.

import { readFileSync } from 'node:fs'
import { fitLinks, type Link } from '../announcer/index.ts'
import { formatAddress } from '../ip/index.ts'
import { formatMac } from '../packet/index.ts'
import { type InterfaceView, type NodeView, VERSION } from '../status/index.ts'
import { parseIPv4Routes, parseIPv6Routes, readLinks, type Route } from '../wire/index.ts'

export interface NodeFactsInit {
  readonly node: string
  /** Interfaces that announce nothing. */
  readonly excluded: readonly RegExp[]
}

/** Throws `WireError` when the kernel does not let us read the interfaces. */
export function readNodeFacts({ node, excluded }: NodeFactsInit): NodeView {
  const [routes, routesIPv6] = [parseIPv4Routes(read('net/route')), parseIPv6Routes(read('net/ipv6_route'))]
  return {
    node,
    version: VERSION,
    interfaces: fitLinks(readLinks(), excluded).map((link) => ({
      ...shownOf(link),
      mac: formatMac(link.mac),
      isDefault: routes.some((route) => route.isDefault && route.interface === link.name),
    })),
    gateways: gatewaysOf([...routes, ...routesIPv6]),
  }
}

function shownOf({ name, mtu, hasCarrier, networks }: Link): Omit<InterfaceView, 'mac' | 'isDefault'> {
  return {
    name,
    mtu,
    isUp: hasCarrier,
    networks: networks.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`),
    rpFilter: rpFilterOf(name),
  }
}

const MODES = ['off', 'strict', 'loose'] as const

/** The greater of the two settings counts (Linux, ip-sysctl: rp_filter). */
function rpFilterOf(name: string): InterfaceView['rpFilter'] {
  const settings = ['all', name].map((each) => read(`sys/net/ipv4/conf/${each}/rp_filter`).trim())
  if (settings.includes('')) return null
  return MODES[Math.max(...settings.map(Number))] ?? null
}

function gatewaysOf(routes: readonly Route[]): NodeView['gateways'] {
  const found = new Map(
    routes.flatMap(({ gateway, interface: name }) =>
      gateway === null ? [] : [[`${gateway} ${name}`, { ip: gateway, interface: name }] as const],
    ),
  )
  return [...found.values()]
}

/** Empty where the kernel has no such thing. */
function read(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    return ''
  }
}
