// The kernel's routing tables as /proc shows them (man 5 proc_pid_net; linux/route.h, ipv6_route.h): routers, and the way
// out. Pure.

import { endianness } from 'node:os'
import { type Address, formatAddress } from '../ip/index.ts'

export interface Route {
  readonly interface: string
  /** Whether it is for everything that no other route is for. */
  readonly isDefault: boolean
  /** Canonical text; `null`: who is meant is on the link itself. */
  readonly gateway: string | null
}

const RTF_UP = 0x1
const RTF_GATEWAY = 0x2
const RTF_REJECT = 0x200

/** Of /proc/net/route. Lines that make no sense are passed over. */
export function parseIPv4Routes(text: string): Route[] {
  const [, ...lines] = linesOf(text) // the first names the columns
  return lines.flatMap(([name = '', destination = '', gateway = '', flagsText = '', , , , mask = '']) => {
    const flags = parseInt(flagsText, 16)
    if (!(flags & RTF_UP) || flags & RTF_REJECT) return []
    const isDefault = parseInt(destination, 16) === 0 && parseInt(mask, 16) === 0
    return [{ interface: name, isDefault, gateway: flags & RTF_GATEWAY ? ipv4Of(gateway) : null }]
  })
}

/** Of /proc/net/ipv6_route. */
export function parseIPv6Routes(text: string): Route[] {
  return linesOf(text).flatMap(([, prefix = '', , , gateway = '', , , , flagsText = '', name = '']) => {
    const flags = parseInt(flagsText, 16)
    if (!(flags & RTF_UP) || flags & RTF_REJECT) return []
    const value = flags & RTF_GATEWAY ? hexOf(gateway, 32) : null
    return [
      {
        interface: name,
        isDefault: parseInt(prefix, 16) === 0,
        gateway: value === null ? null : formatAddress({ family: 'IPv6', value }),
      },
    ]
  })
}

function linesOf(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(/\s+/))
}

/** A word of the machine's byte order. */
function ipv4Of(hex: string): string | null {
  const value = hexOf(hex, 8)
  if (value === null) return null
  const word = Buffer.alloc(4)
  word.writeUInt32BE(Number(value))
  const address: Address = {
    family: 'IPv4',
    value: BigInt(endianness() === 'LE' ? word.readUInt32LE() : word.readUInt32BE()),
  }
  return formatAddress(address)
}

function hexOf(text: string, digits: number): bigint | null {
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? BigInt(`0x${text}`) : null
}
