// Neighbour discovery frames as a stranger would send them, right or wrong, in hexadecimal. Written from RFC 4861
// sections 4.3 and 4.4, and apart from src/packet/, so that neither hides the other's mistakes.

/** The stranger: 02:00:00:00:00:99, 2001:db8::9. */
const STRANGER_MAC = '020000000099'
export const STRANGER = '20010db8000000000000000000000009'
export const UNSPECIFIED = '0'.repeat(32)
export const ALL_NODES = 'ff020000000000000000000000000001'
/** 2001:db8::50, and its group. */
export const VIP = '20010db8000000000000000000000050'
const VIP_GROUP = 'ff0200000000000000000001ff000050'

export const SOURCE_LINK = `0101${STRANGER_MAC}`
export const TARGET_LINK = `0201${STRANGER_MAC}`

export interface NdpFrame {
  readonly type: 135 | 136
  readonly code: number
  /** The byte with R, S and O. */
  readonly flags: number
  readonly ethernetDestination: string
  readonly source: string
  readonly destination: string
  readonly hopLimit: number
  readonly target: string
  /** One after the other. */
  readonly options: string
  /** Added to the right checksum. */
  readonly checksumError: number
  /** Added to the right payload length of the IPv6 header. */
  readonly lengthError: number
  /** After the message. */
  readonly trailer: string
}

const SOLICITATION: NdpFrame = {
  type: 135,
  code: 0,
  flags: 0,
  ethernetDestination: '3333ff000050',
  source: STRANGER,
  destination: VIP_GROUP,
  hopLimit: 255,
  target: VIP,
  options: SOURCE_LINK,
  checksumError: 0,
  lengthError: 0,
  trailer: '',
}

/** For the address, to its group, unless `changes` say otherwise. */
export function solicitation(changes: Partial<NdpFrame> = {}): string {
  return encode({ ...SOLICITATION, ...changes })
}

/** Of the address, to all nodes and without being asked, unless `changes` say otherwise. */
export function advertisement(changes: Partial<NdpFrame> = {}): string {
  const unsolicited: Partial<NdpFrame> = {
    type: 136,
    flags: 0x20,
    ethernetDestination: '333300000001',
    source: VIP,
    destination: ALL_NODES,
    options: TARGET_LINK,
  }
  return encode({ ...SOLICITATION, ...unsolicited, ...changes })
}

function encode(frame: NdpFrame): string {
  const message = (checksum: number): string =>
    `${hex(frame.type, 2)}${hex(frame.code, 2)}${hex(checksum, 4)}${hex(frame.flags, 2)}000000${frame.target}${frame.options}`
  const length = message(0).length / 2 + frame.lengthError
  const pseudo = `${frame.source}${frame.destination}${hex(length, 8)}${hex(58, 8)}`
  const checksum = (sumOf(pseudo + message(0)) + frame.checksumError) & 0xffff
  const ethernet = `${frame.ethernetDestination}${STRANGER_MAC}86dd`
  const ipv6 = `60000000${hex(length, 4)}3a${hex(frame.hopLimit, 2)}${frame.source}${frame.destination}`
  return `${ethernet}${ipv6}${message(checksum)}${frame.trailer}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** RFC 1071. */
function sumOf(text: string): number {
  const words = text.padEnd(Math.ceil(text.length / 4) * 4, '0').match(/.{4}/g) ?? []
  let sum = words.reduce((before, word) => before + Number.parseInt(word, 16), 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
