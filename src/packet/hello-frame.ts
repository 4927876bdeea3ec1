// The UDP datagram that carries a hello, as a whole Ethernet frame: it goes through a packet socket, past the host's
// firewall and routing, so that hearing it means to share the segment. What it carries is hello.ts.
import type { Address } from '../ip/index.ts'
import { EndOfBytes, Reader, Writer } from './cursor.ts'
import { ETHERTYPE_IPV4, MINIMUM_FRAME_BYTES, readEthernetHeader, writeEthernetHeader } from './ethernet.ts'
import { internetChecksum, wordSum, wordSumOf32 } from './internet-checksum.ts'
import type { Mac } from './mac.ts'

/** 224.0.0.254: link-local, so that no switch prunes it (RFC 4541 section 2.1.2); for experiments (RFC 4727). */
const GROUP = 0xe000_00fe
/** RFC 1112 section 6.4. */
const HELLO_GROUP_MAC: Mac = 0x0100_5e00_00fe
const HELLO_PORT = 7946

/** RFC 5082: anything less has passed a router. */
const TTL = 255
const PROTOCOL_UDP = 17
const IPV4_BYTES = 20
const VERSION_4 = 4
/** Without options. */
const VERSION_AND_LENGTH = (VERSION_4 << 4) | (IPV4_BYTES / 4)
const DONT_FRAGMENT = 0x4000
const FRAGMENT_MASK = 0x3fff
const ETHERNET_BYTES = 14
const UDP_BYTES = 8

export interface UnframedHello {
  /** MAC of the sender. */
  readonly source: Mac
  readonly payload: Uint8Array
}

/** The whole frame. `source`: an IPv4 address of the interface; `null`: it has none, and 0.0.0.0 is sent. */
export function frameHello(mac: Mac, source: Address | null, payload: Uint8Array): Uint8Array {
  const sender = source === null ? 0 : Number(source.value)
  const udpBytes = UDP_BYTES + payload.length
  const packetBytes = IPV4_BYTES + udpBytes
  const ethernet = { destination: HELLO_GROUP_MAC, source: mac, etherType: ETHERTYPE_IPV4 }
  return writeEthernetHeader(
    new Writer(Math.max(ETHERNET_BYTES + packetBytes, MINIMUM_FRAME_BYTES)),
    ethernet,
  )
    .number(2, VERSION_AND_LENGTH << 8)
    .number(2, packetBytes)
    .number(2, 0)
    .number(2, DONT_FRAGMENT)
    .number(1, TTL)
    .number(1, PROTOCOL_UDP)
    .number(2, ipv4Checksum(sender, packetBytes))
    .number(4, sender)
    .number(4, GROUP)
    .number(2, HELLO_PORT)
    .number(2, HELLO_PORT)
    .number(2, udpBytes)
    .number(2, udpChecksum(sender, payload))
    .put(payload).bytes
}

/**
 * The payload of a frame to the hello's group and port, or `null` when it is another or has passed a router. For
 * datagrams that were not cut into fragments; their checksums are not looked at, since the payload is signed.
 */
export function unframeHello(frame: Uint8Array): UnframedHello | null {
  try {
    return readFrame(new Reader(frame))
  } catch (error) {
    if (error instanceof EndOfBytes) return null
    throw error
  }
}

function readFrame(reader: Reader): UnframedHello | null {
  const { destination, source, etherType } = readEthernetHeader(reader)
  if (destination !== HELLO_GROUP_MAC || etherType !== ETHERTYPE_IPV4) return null
  const versionAndLength = reader.number(1)
  const headerBytes = (versionAndLength & 0x0f) * 4
  if (versionAndLength >> 4 !== VERSION_4 || headerBytes < IPV4_BYTES) return null
  reader.number(1)
  const packetBytes = reader.number(2)
  reader.number(2)
  if ((reader.number(2) & FRAGMENT_MASK) !== 0) return null
  if (reader.number(1) !== TTL || reader.number(1) !== PROTOCOL_UDP) return null
  reader.bytes(6)
  if (reader.number(4) !== GROUP) return null
  reader.bytes(headerBytes - IPV4_BYTES)
  reader.number(2)
  if (reader.number(2) !== HELLO_PORT) return null
  const udpBytes = reader.number(2)
  reader.number(2)
  if (udpBytes < UDP_BYTES || headerBytes + udpBytes > packetBytes) return null
  return { source, payload: reader.bytes(udpBytes - UDP_BYTES) }
}

/** RFC 791: of the header, whose other words are zero. */
function ipv4Checksum(source: number, packetBytes: number): number {
  const firstWords = (VERSION_AND_LENGTH << 8) + packetBytes + DONT_FRAGMENT
  const addresses = wordSumOf32(source) + wordSumOf32(GROUP)
  return internetChecksum(firstWords + ((TTL << 8) | PROTOCOL_UDP) + addresses)
}

/** RFC 768: over pseudo header, header and payload; zero would mean that there is none. */
function udpChecksum(source: number, payload: Uint8Array): number {
  const udpBytes = UDP_BYTES + payload.length
  const pseudoHeader = wordSumOf32(source) + wordSumOf32(GROUP) + PROTOCOL_UDP + udpBytes
  const header = 2 * HELLO_PORT + udpBytes
  return internetChecksum(pseudoHeader + header + wordSum(payload)) || 0xffff
}
