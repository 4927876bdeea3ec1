// One address: text to number and back. Knows nothing of networks and ranges.
import { Address6 } from 'ip-address'

/** As Kubernetes writes it in `spec.ipFamilies`. */
export type Family = 'IPv4' | 'IPv6'

/** `value`: the address as an unsigned number of 32 or 128 bits. */
export interface Address {
  readonly family: Family
  readonly value: bigint
}

export const FAMILY_BITS = { IPv4: 32, IPv6: 128 } as const

/** ::ffff:0:0/96, RFC 4291 section 2.5.5.2: an IPv4 address in the clothes of an IPv6 one. */
const MAPPED_PREFIX = 0xffffn << 32n

/**
 * The address that `text` writes, or `null`. An IPv4-mapped literal is the IPv4 address that it carries.
 *
 * Strict: no blanks, zones (`%eth0`), prefixes, leading zeros in IPv4, or short and hexadecimal IPv4 forms, which
 * other programs read as other addresses.
 */
export function parseAddress(text: string): Address | null {
  const quad = QUAD.exec(text)
  if (quad !== null) return parseQuad(quad)
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !text.includes(':')) return null
  try {
    const value = new Address6(text).bigInt()
    if (value >> 32n === MAPPED_PREFIX >> 32n) return { family: 'IPv4', value: BigInt.asUintN(32, value) }
    return { family: 'IPv6', value }
  } catch {
    return null
  }
}

const QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

function parseQuad([, ...bytes]: readonly string[]): Address | null {
  let value = 0
  for (const text of bytes) {
    const byte = Number(text)
    if (byte > 255) return null
    value = value * 256 + byte
  }
  return { family: 'IPv4', value: BigInt(value) }
}

/** Dotted decimal, or RFC 5952: lower case, the longest run of zeros as `::`. Equal addresses give equal texts. */
export function formatAddress({ family, value }: Address): string {
  if (family === 'IPv4') {
    const bits = Number(value)
    return `${bits >>> 24}.${(bits >>> 16) & 0xff}.${(bits >>> 8) & 0xff}.${bits & 0xff}`
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  )
  const { start, length } = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':') // RFC 5952 section 4.2.2: a single zero group is written out
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** The first of the longest runs, RFC 5952 section 4.2.3. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index + 1 - length, length }
  }
  return best
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value
}
