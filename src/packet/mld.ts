// Multicast listener discovery (RFC 3810, and its first version, RFC 2710), as far as it takes to listen to whole groups:
// reports as whole frames, and the queries that ask for them. When to report is announcer/.
import { EndOfBytes, Reader, Writer } from './cursor.ts'
import { ETHERTYPE_IPV6, readEthernetHeader } from './ethernet.ts'
import { icmp6Checksum, icmp6Frame, NEXT_HEADER_ICMPV6 } from './icmp6-frame.ts'
import type { Mac } from './mac.ts'

/** All of it stays on the link. */
const HOP_LIMIT = 1

const QUERY = 130
const REPORT_V1 = 131
const DONE_V1 = 132
const REPORT = 143

const ALL_ROUTERS = 0xff02_0000_0000_0000_0000_0000_0000_0002n
const ALL_MLDV2_ROUTERS = 0xff02_0000_0000_0000_0000_0000_0000_0016n

const HOP_BY_HOP = 0
/** RFC 2711: next header, 8 bytes in all, router alert for MLD, and two bytes of padding. */
const ROUTER_ALERT = Uint8Array.of(NEXT_HEADER_ICMPV6, 0, 5, 2, 0, 0, 1, 0)

const QUERY_V1_BYTES = 24
const QUERY_BYTES = 28
const RECORD_BYTES = 20

/** What a record says of a group, all of whose senders are listened to, or none (RFC 3810 section 5.2.12). */
const RECORD_TYPES = { listening: 2, left: 3, joined: 4 } as const

export interface ListenerRecord {
  readonly group: bigint
  readonly type: keyof typeof RECORD_TYPES
}

/** As many as fit into the smallest packet that every IPv6 link carries, of 1,280 bytes. */
export const MAX_LISTENER_RECORDS = 61

/** At most `MAX_LISTENER_RECORDS`. `source`: link-local, or zero as long as there is none (RFC 3810 section 5.2.13). */
export function listenerReport(mac: Mac, source: bigint, records: readonly ListenerRecord[]): Uint8Array {
  const message = new Writer(8 + records.length * RECORD_BYTES)
    .number(1, REPORT)
    .number(5, 0)
    .number(2, records.length)
  for (const { type, group } of records) message.number(1, RECORD_TYPES[type]).number(3, 0).big(16, group)
  return frame(mac, source, ALL_MLDV2_ROUTERS, message.bytes)
}

/** One record as the first version says it (RFC 2710 section 3): for routers and switches that know no other. */
export function firstVersionReport(mac: Mac, source: bigint, { group, type }: ListenerRecord): Uint8Array {
  const isLeft = type === 'left'
  const message = new Writer(QUERY_V1_BYTES)
    .number(1, isLeft ? DONE_V1 : REPORT_V1)
    .number(5, 0)
    .number(2, 0)
    .big(16, group).bytes
  return frame(mac, source, isLeft ? ALL_ROUTERS : group, message)
}

function frame(mac: Mac, source: bigint, destination: bigint, message: Uint8Array): Uint8Array {
  const extension = { nextHeader: HOP_BY_HOP, bytes: ROUTER_ALERT }
  return icmp6Frame({ mac, source, destination, hopLimit: HOP_LIMIT, extension, message })
}

/** Somebody asks who listens. */
export interface ListenerQuery {
  readonly version: 1 | 2
  /** `null`: to any. */
  readonly group: bigint | null
  /** Within which time the answers shall come, ms. */
  readonly withinMs: number
  /** How often a report has to be said; `null`: not told. */
  readonly robustness: number | null
}

/** What a frame asks; `null` when it is no query, or one that RFC 3810 section 6.2 says to ignore. */
export function decodeListenerQuery(bytes: Uint8Array): ListenerQuery | null {
  try {
    return decode(new Reader(bytes))
  } catch (error) {
    if (error instanceof EndOfBytes) return null
    throw error
  }
}

function decode(reader: Reader): ListenerQuery | null {
  if (readEthernetHeader(reader).etherType !== ETHERTYPE_IPV6) return null
  reader.number(4) // version, traffic class, flow label
  const length = reader.number(2)
  const nextHeader = reader.number(1)
  const hopLimit = reader.number(1)
  const source = reader.big(16)
  const destination = reader.big(16)
  const payload = new Reader(reader.bytes(length))
  // Everybody sends the extension in this form, of 8 bytes; the two parts of it may change places.
  if (nextHeader !== HOP_BY_HOP || !hasRouterAlert(payload.bytes(ROUTER_ALERT.length))) return null
  const message = payload.bytes(payload.rest)
  const isFromRouter = hopLimit === HOP_LIMIT && isLinkLocal(source)
  if (!isFromRouter || icmp6Checksum(source, destination, message) !== 0) return null
  return decodeMessage(new Reader(message))
}

function hasRouterAlert(extension: Uint8Array): boolean {
  const options = extension.subarray(2)
  const alert = '5,2,0,0'
  const isAlert = String(options.subarray(0, 4)) === alert || String(options.subarray(2)) === alert
  return extension[0] === NEXT_HEADER_ICMPV6 && extension[1] === 0 && isAlert
}

function decodeMessage(message: Reader): ListenerQuery | null {
  const length = message.rest
  const isFirstVersion = length === QUERY_V1_BYTES
  if (!isFirstVersion && length < QUERY_BYTES) return null
  if (message.number(1) !== QUERY) return null
  message.number(3) // code, checksum
  const code = message.number(2)
  message.number(2)
  const group = message.big(16) || null
  if (isFirstVersion) return { version: 1, group, withinMs: code, robustness: null }
  return { version: 2, group, withinMs: delayOf(code), robustness: message.number(1) & 7 || null }
}

/** RFC 3810 section 5.1.3: above 32,767 ms with an exponent. */
function delayOf(code: number): number {
  if (code < 0x8000) return code
  return ((code & 0xfff) | 0x1000) * 2 ** (((code >> 12) & 7) + 3)
}

/** fe80::/10 */
export function isLinkLocal(address: bigint): boolean {
  return address >> 118n === 0x3fan
}
