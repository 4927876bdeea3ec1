// ICMPv6 messages to groups as whole frames (RFC 4443, RFC 8200, RFC 2464). What they say is for others.
import { Writer } from './cursor.ts'
import { ETHERTYPE_IPV6, writeEthernetHeader } from './ethernet.ts'
import { internetChecksum, wordSum } from './internet-checksum.ts'
import type { Mac } from './mac.ts'

const IPV6_VERSION = 0x6000_0000
export const NEXT_HEADER_ICMPV6 = 58

const ETHERNET_BYTES = 14
const IPV6_BYTES = 40

export interface Icmp6Frame {
  /** Who sends it. */
  readonly mac: Mac
  readonly source: bigint
  /** A group. */
  readonly destination: bigint
  readonly hopLimit: number
  /** What is between the IPv6 header and the message, if anything: its number, and itself. */
  readonly extension?: { readonly nextHeader: number; readonly bytes: Uint8Array }
  /** With zeros for the checksum; it is filled in. */
  readonly message: Uint8Array
}

export function icmp6Frame(init: Icmp6Frame): Uint8Array {
  const { mac, source, destination, hopLimit, extension, message } = init
  const extensionBytes = extension?.bytes ?? new Uint8Array()
  const length = extensionBytes.length + message.length
  const frame = new Writer(ETHERNET_BYTES + IPV6_BYTES + length)
  new DataView(message.buffer).setUint16(2, icmp6Checksum(source, destination, message))
  return writeEthernetHeader(frame, {
    destination: groupMac(destination),
    source: mac,
    etherType: ETHERTYPE_IPV6,
  })
    .number(4, IPV6_VERSION)
    .number(2, length)
    .number(1, extension?.nextHeader ?? NEXT_HEADER_ICMPV6)
    .number(1, hopLimit)
    .big(16, source)
    .big(16, destination)
    .put(extensionBytes)
    .put(message).bytes
}

/** RFC 2464 section 7: 33:33 and the last 32 bits. */
function groupMac(group: bigint): Mac {
  return 0x3333_0000_0000 + Number(group & 0xffff_ffffn)
}

/** RFC 4443 section 2.3: over the pseudo header and the message; zero when the message has its right checksum already. */
export function icmp6Checksum(source: bigint, destination: bigint, message: Uint8Array): number {
  const summed = new Writer(40 + message.length)
    .big(16, source)
    .big(16, destination)
    .number(4, message.length)
    .number(4, NEXT_HEADER_ICMPV6)
    .put(message)
  return internetChecksum(wordSum(summed.bytes))
}
