// Neighbour discovery messages that are sent unasked (RFC 4861 section 4), as whole frames. When to send which is
// announcer/; what others send is read by native code.
import type { Address } from '../ip/index.ts'
import { Writer } from './cursor.ts'
import { ETHERTYPE_IPV6, writeEthernetHeader } from './ethernet.ts'
import { internetChecksum } from './internet-checksum.ts'
import type { Mac } from './mac.ts'

const IPV6_VERSION = 0x6000_0000
const NEXT_HEADER_ICMPV6 = 58
/** RFC 4861 section 7.1: anything less has passed a router. */
const HOP_LIMIT = 255

const SOLICITATION = 135
const ADVERTISEMENT = 136
const FLAG_OVERRIDE = 0x2000_0000
const OPTION_TARGET_LINK_ADDRESS = 2

const UNSPECIFIED = 0n
const ALL_NODES = 0xff02_0000_0000_0000_0000_0000_0000_0001n
/** RFC 4291 section 2.7.1: followed by the last 24 bits of the address. */
const SOLICITED_NODE_PREFIX = 0xff02_0000_0000_0000_0000_0001_ff00_0000n
const SOLICITED_NODE_BITS = 0xff_ffffn

const ETHERNET_BYTES = 14
const IPV6_BYTES = 40
/** Of either message, without options. */
const MESSAGE_BYTES = 24
const LINK_ADDRESS_OPTION_BYTES = 8

/** The frame that tells all nodes where `address` is now (RFC 4861 section 7.2.6), overriding what they knew. */
export function unsolicitedAdvertisement(mac: Mac, { value }: Address): Uint8Array {
  const message = new Writer(MESSAGE_BYTES + LINK_ADDRESS_OPTION_BYTES)
    .number(1, ADVERTISEMENT)
    .number(3, 0)
    .number(4, FLAG_OVERRIDE)
    .big(16, value)
    .number(1, OPTION_TARGET_LINK_ADDRESS)
    .number(1, 1)
    .number(6, mac).bytes
  return icmpFrame({ mac, source: value, destination: ALL_NODES, message })
}

/**
 * The frame that asks whether `address` is in use by anybody, without using it (RFC 4862 section 5.4.2): from the
 * unspecified address, and without an option, because nobody shall learn from it.
 */
export function duplicateProbe(mac: Mac, { value }: Address): Uint8Array {
  const message = new Writer(MESSAGE_BYTES).number(1, SOLICITATION).number(7, 0).big(16, value).bytes
  const destination = SOLICITED_NODE_PREFIX | (value & SOLICITED_NODE_BITS)
  return icmpFrame({ mac, source: UNSPECIFIED, destination, message })
}

interface IcmpFrame {
  readonly mac: Mac
  readonly source: bigint
  /** A group. */
  readonly destination: bigint
  /** With zeros for the checksum; it is filled in. */
  readonly message: Uint8Array
}

function icmpFrame({ mac, source, destination, message }: IcmpFrame): Uint8Array {
  const frame = new Writer(ETHERNET_BYTES + IPV6_BYTES + message.length)
  writeEthernetHeader(frame, { destination: groupMac(destination), source: mac, etherType: ETHERTYPE_IPV6 })
    .number(4, IPV6_VERSION)
    .number(2, message.length)
    .number(1, NEXT_HEADER_ICMPV6)
    .number(1, HOP_LIMIT)
    .big(16, source)
    .big(16, destination)
  new DataView(message.buffer).setUint16(2, checksumOf(source, destination, message))
  frame.bytes.set(message, ETHERNET_BYTES + IPV6_BYTES)
  return frame.bytes
}

/** RFC 2464 section 7: 33:33 and the last 32 bits. */
function groupMac(group: bigint): Mac {
  return 0x3333_0000_0000 + Number(group & 0xffff_ffffn)
}

/** RFC 4443 section 2.3: the ones' complement sum over the pseudo header and the message. */
function checksumOf(source: bigint, destination: bigint, message: Uint8Array): number {
  const summed = new Writer(40 + message.length)
    .big(16, source)
    .big(16, destination)
    .number(4, message.length)
    .number(4, NEXT_HEADER_ICMPV6)
    .put(message)
  return internetChecksum(summed.bytes)
}
