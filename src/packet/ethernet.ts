// The Ethernet header, untagged: the kernel takes a VLAN tag off before a packet socket sees the frame.
import type { Reader, Writer } from './cursor.ts'
import type { Mac } from './mac.ts'

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_IPV6 = 0x86dd

/** Frames are padded to it (IEEE 802.3: 64 bytes with the checksum, which the hardware appends). */
export const MINIMUM_FRAME_BYTES = 60

export interface EthernetHeader {
  readonly destination: Mac
  readonly source: Mac
  readonly etherType: number
}

export function readEthernetHeader(reader: Reader): EthernetHeader {
  return { destination: reader.number(6), source: reader.number(6), etherType: reader.number(2) }
}

export function writeEthernetHeader(
  writer: Writer,
  { destination, source, etherType }: EthernetHeader,
): Writer {
  return writer.number(6, destination).number(6, source).number(2, etherType)
}
