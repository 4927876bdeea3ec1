// ARP for IPv4 over Ethernet (RFC 826, RFC 5227): whole frames to values and back. When to send which is announcer/.
import type { Address } from '../ip/index.ts'
import { EndOfBytes, Reader, Writer } from './cursor.ts'
import { ETHERTYPE_ARP, MINIMUM_FRAME_BYTES, readEthernetHeader, writeEthernetHeader } from './ethernet.ts'
import { BROADCAST_MAC, type Mac } from './mac.ts'

const HARDWARE_ETHERNET = 1
const PROTOCOL_IPV4 = 0x0800
const MAC_BYTES = 6
const IPV4_BYTES = 4
/** RFC 826, `ar$op`. */
const OPERATIONS = { request: 1, reply: 2 } as const

export type ArpOperation = keyof typeof OPERATIONS

/** One ARP packet in its frame; addresses are IPv4. */
export interface ArpFrame {
  /** MACs of the Ethernet header. */
  readonly destination: Mac
  readonly source: Mac
  readonly operation: ArpOperation
  readonly senderMac: Mac
  readonly senderAddress: Address
  readonly targetMac: Mac
  readonly targetAddress: Address
}

/** The frame as it goes to the wire, padded to 60 bytes. */
export function encodeArp(frame: ArpFrame): Uint8Array {
  const { destination, source } = frame
  const writer = new Writer(MINIMUM_FRAME_BYTES)
  return writeEthernetHeader(writer, { destination, source, etherType: ETHERTYPE_ARP })
    .number(2, HARDWARE_ETHERNET)
    .number(2, PROTOCOL_IPV4)
    .number(1, MAC_BYTES)
    .number(1, IPV4_BYTES)
    .number(2, OPERATIONS[frame.operation])
    .number(6, frame.senderMac)
    .number(4, Number(frame.senderAddress.value))
    .number(6, frame.targetMac)
    .number(4, Number(frame.targetAddress.value)).bytes
}

/** What the frame says, or `null` when it is too short or is no ARP request or reply for IPv4 over Ethernet. */
export function decodeArp(bytes: Uint8Array): ArpFrame | null {
  try {
    return readArp(new Reader(bytes))
  } catch (error) {
    if (error instanceof EndOfBytes) return null
    throw error
  }
}

function readArp(reader: Reader): ArpFrame | null {
  const { destination, source, etherType } = readEthernetHeader(reader)
  if (etherType !== ETHERTYPE_ARP) return null
  if (reader.number(2) !== HARDWARE_ETHERNET || reader.number(2) !== PROTOCOL_IPV4) return null
  if (reader.number(1) !== MAC_BYTES || reader.number(1) !== IPV4_BYTES) return null
  const operation = operationOf(reader.number(2))
  if (operation === null) return null
  const senderMac = reader.number(6)
  const senderAddress = readAddress(reader)
  const targetMac = reader.number(6)
  return {
    destination,
    source,
    operation,
    senderMac,
    senderAddress,
    targetMac,
    targetAddress: readAddress(reader),
  }
}

function operationOf(code: number): ArpOperation | null {
  if (code === OPERATIONS.request) return 'request'
  return code === OPERATIONS.reply ? 'reply' : null
}

function readAddress(reader: Reader): Address {
  return { family: 'IPv4', value: BigInt(reader.number(4)) }
}

/**
 * The broadcast that tells everybody where `address` is now. Some hosts learn from requests only, some from replies.
 *
 * A request leaves the target MAC empty (RFC 5227 section 2.3); a reply repeats the sender's there (RFC 5944 section
 * 4.6), or Linux does not take it for gratuitous and ignores it within a second of another change.
 */
export function gratuitousArp(operation: ArpOperation, mac: Mac, address: Address): Uint8Array {
  return encodeArp({
    destination: BROADCAST_MAC,
    source: mac,
    operation,
    senderMac: mac,
    senderAddress: address,
    targetMac: operation === 'request' ? 0 : mac,
    targetAddress: address,
  })
}

/** The broadcast that asks whether anybody uses `address`, from who does not use it yet (RFC 5227 section 2.1.1). */
export function arpProbe(mac: Mac, address: Address): Uint8Array {
  return encodeArp({
    destination: BROADCAST_MAC,
    source: mac,
    operation: 'request',
    senderMac: mac,
    senderAddress: { family: 'IPv4', value: 0n },
    targetMac: 0,
    targetAddress: address,
  })
}
