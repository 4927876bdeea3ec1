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
  if (!text.includes(':')) {
    const quad = parseQuad(text)
    return quad === null ? null : { family: 'IPv4', value: BigInt(quad) }
  }
  if (!IPV6_CHARACTERS.test(text)) return null
  try {
    const value = new Address6(text).bigInt()
    if (value >> 32n === MAPPED_PREFIX >> 32n) return { family: 'IPv4', value: BigInt.asUintN(32, value) }
    return { family: 'IPv6', value }
  } catch {
    return null
  }
}

/** At most six groups of four digits and a dotted quad. */
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]{2,45}$/

const [DOT, ZERO] = [0x2e, 0x30]

/** Digit by digit: this is read more often than anything else, and a regular expression takes several times as long. */
function parseQuad(text: string): number | null {
  let [value, byte, digits, bytes] = [0, 0, 0, 1]
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === DOT) {
      if (digits === 0 || bytes === 4) return null
      value = value * 256 + byte
      ;[byte, digits] = [0, 0]
      bytes++
      continue
    }
    const digit = code - ZERO
    if (digit < 0 || digit > 9 || (digits > 0 && byte === 0)) return null
    byte = byte * 10 + digit
    if (byte > 255) return null
    digits++
  }
  return bytes === 4 && digits > 0 ? value * 256 + byte : null
}

/** What a Map finds the address by: numbers in half the time of bigints, and to a Map `1` and `1n` are two keys. */
export type AddressKey = number | bigint

export function addressKey({ family, value }: Address): AddressKey {
  return family === 'IPv4' ? Number(value) : value
}

/** Dotted decimal, or RFC 5952: lower case, the longest run of zeros as `::`. Equal addresses give equal texts. */
export function formatAddress({ family, value }: Address): string {
  if (family === 'IPv4') {
    const bits = Number(value)
    const [first, second, third] = [bits >>> 24, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff]
    return `${BYTES[first]}${BYTES[second]}${BYTES[third]}${bits & 0xff}`
  }
  const digits = value.toString(16).padStart(32, '0')
  const groups = GROUP_STARTS.map((at) => Number.parseInt(digits.slice(at, at + 4), 16))
  const { start, length } = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':') // RFC 5952 section 4.2.2: a single zero group is written out
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** Each with its dot: addresses are written more often than anything else. */
const BYTES = Array.from({ length: 256 }, (_, byte) => `${byte}.`)

/** In 32 hexadecimal digits. */
const GROUP_STARTS = [0, 4, 8, 12, 16, 20, 24, 28]

/** The first of the longest runs, RFC 5952 section 4.2.3. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let [start, length, run] = [0, 0, 0]
  for (let index = 0; index < groups.length; index++) {
    run = groups[index] === 0 ? run + 1 : 0
    if (run > length) [start, length] = [index + 1 - run, run]
  }
  return { start, length }
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value
}
