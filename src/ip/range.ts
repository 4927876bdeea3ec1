// A run of addresses of one family: the text of a pool's entry to numbers. Sets of them are in range-set.ts.
import { type Address, FAMILY_BITS, type Family, formatAddress, parseAddress } from './address.ts'
import { quote } from './quote.ts'

/** Both ends belong to it; `first <= last`. */
export interface Range {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
}

/** `problem` is a sentence that names the text and says what to write instead. */
export type ParsedRange = { readonly range: Range } | { readonly problem: string }

/**
 * Reads a network (`192.0.2.0/24`) or a range (`192.0.2.10-192.0.2.20`).
 *
 * As MetalLB does: host bits of a network are dropped, blanks are allowed around the dash and nowhere else, a single
 * address needs its prefix, and an IPv4-mapped literal counts as IPv4.
 */
export function parseRange(text: string): ParsedRange {
  const dash = text.indexOf('-')
  if (dash >= 0) return parseEnds(text, text.slice(0, dash).trim(), text.slice(dash + 1).trim())
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return { problem: `${quote(text)} is neither a network nor a range of addresses` }
  if (slash < 0) {
    return { problem: `${quote(text)} is a single address: write "${text}/${widthOf(text)}"` }
  }
  return parseNetwork(text, address, text.slice(slash + 1))
}

function parseEnds(text: string, firstText: string, lastText: string): ParsedRange {
  const first = parseAddress(firstText)
  const last = parseAddress(lastText)
  if (first === null || last === null) {
    return {
      problem: `${quote(text)} is not a range: ${quote(first === null ? firstText : lastText)} is no address`,
    }
  }
  if (first.family !== last.family) {
    return { problem: `the ends of the range ${quote(text)} are of different IP families` }
  }
  if (first.value > last.value) return { problem: `the range ${quote(text)} begins after its end` }
  return { range: { family: first.family, first: first.value, last: last.value } }
}

function parseNetwork(text: string, address: Address, prefixText: string): ParsedRange {
  const width = widthOf(text)
  const prefix = /^(0|[1-9]\d{0,2})$/.test(prefixText) ? Number(prefixText) : Infinity
  // The prefix of an IPv4-mapped literal counts the 96 bits before the IPv4 address.
  const hostBits = width - prefix
  if (hostBits < 0 || hostBits > FAMILY_BITS[address.family]) {
    const least = width - FAMILY_BITS[address.family]
    return { problem: `the prefix of ${quote(text)} must be a number from ${least} to ${width}` }
  }
  const first = (address.value >> BigInt(hostBits)) << BigInt(hostBits)
  return { range: { family: address.family, first, last: first + (1n << BigInt(hostBits)) - 1n } }
}

/** Bits of the form that the text is written in, which for IPv4-mapped literals is not that of the family. */
function widthOf(text: string): number {
  return FAMILY_BITS[text.includes(':') ? 'IPv6' : 'IPv4']
}

/** `first-last`, or the one address. */
export function formatRange({ family, first, last }: Range): string {
  const start = formatAddress({ family, value: first })
  return first === last ? start : `${start}-${formatAddress({ family, value: last })}`
}

export function includes({ family, first, last }: Range, address: Address): boolean {
  return family === address.family && first <= address.value && address.value <= last
}

/** What both have, or `null`. */
export function intersect(a: Range, b: Range): Range | null {
  if (a.family !== b.family) return null
  const first = a.first > b.first ? a.first : b.first
  const last = a.last < b.last ? a.last : b.last
  return first <= last ? { family: a.family, first, last } : null
}
