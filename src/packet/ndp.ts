// Neighbour advertisements (RFC 4861 section 4.4): whole frames to values and back. When to send which is announcer/.
import type { Address } from '../ip/index.ts'
import { EndOfBytes, Reader, Writer } from './cursor.ts'
import { ETHERTYPE_IPV6, readEthernetHeader, writeEthernetHeader } from './ethernet.ts'
import type { Mac } from './mac.ts'

const IPV6_VERSION = 0x6000_0000
const NEXT_HEADER_ICMPV6 = 58
/** RFC 4861 section 7.1: anything less has passed a router. */
const HOP_LIMIT = 255

const ADVERTISEMENT = 136
const FLAG_OVERRIDE = 0x2000_0000
const OPTION_TARGET_LINK_ADDRESS = 2

const ALL_NODES = 0xff02_0000_0000_0000_0000_0000_0000_0001n
const ALL_NODES_MAC: Mac = 0x3333_0000_0001

const ETHERNET_BYTES = 14
const IPV6_BYTES = 40
/** With one option. */
const ADVERTISEMENT_BYTES = 32

/** The target of an advertisement, an IPv6 address, and where it says that it is. */
export interface Advertisement {
  readonly target: Address
  readonly mac: Mac
}

/** The frame that tells all nodes where `address` is now (RFC 4861 section 7.2.6), overriding what they knew. */
export function unsolicitedAdvertisement(mac: Mac, { value }: Address): Uint8Array {
  const message = (checksum: number): Writer =>
    new Writer(ADVERTISEMENT_BYTES)
      .number(1, ADVERTISEMENT)
      .number(1, 0)
      .number(2, checksum)
      .number(4, FLAG_OVERRIDE)
      .big(16, value)
      .number(1, OPTION_TARGET_LINK_ADDRESS)
      .number(1, 1)
      .number(6, mac)
  const frame = new Writer(ETHERNET_BYTES + IPV6_BYTES + ADVERTISEMENT_BYTES)
  writeEthernetHeader(frame, { destination: ALL_NODES_MAC, source: mac, etherType: ETHERTYPE_IPV6 })
    .number(4, IPV6_VERSION)
    .number(2, ADVERTISEMENT_BYTES)
    .number(1, NEXT_HEADER_ICMPV6)
    .number(1, HOP_LIMIT)
    .big(16, value)
    .big(16, ALL_NODES)
  frame.bytes.set(message(checksumOf(value, ALL_NODES, message(0).bytes)).bytes, ETHERNET_BYTES + IPV6_BYTES)
  return frame.bytes
}

/** RFC 4443 section 2.3: the ones' complement sum over the pseudo header and the message. */
function checksumOf(source: bigint, destination: bigint, message: Uint8Array): number {
  const pseudo = new Writer(40).big(16, source).big(16, destination).number(4, message.length)
  const bytes = [...pseudo.number(4, NEXT_HEADER_ICMPV6).bytes, ...message]
  let sum = 0
  for (const [index, byte] of bytes.entries()) sum += index % 2 === 0 ? byte * 256 : byte
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/**
 * What an advertisement says, or `null` when the frame is none. For frames that the responder handed on: it has
 * checked lengths, checksum and hop limit.
 */
export function decodeAdvertisement(bytes: Uint8Array): Advertisement | null {
  try {
    return readAdvertisement(new Reader(bytes))
  } catch (error) {
    if (error instanceof EndOfBytes) return null
    throw error
  }
}

function readAdvertisement(reader: Reader): Advertisement | null {
  const { source, etherType } = readEthernetHeader(reader)
  if (etherType !== ETHERTYPE_IPV6) return null
  reader.big(6)
  if (reader.number(1) !== NEXT_HEADER_ICMPV6 || reader.number(1) !== HOP_LIMIT) return null
  reader.big(32)
  if (reader.number(1) !== ADVERTISEMENT) return null
  reader.big(7)
  return { target: { family: 'IPv6', value: reader.big(16) }, mac: source }
}
