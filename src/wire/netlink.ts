// rtnetlink's answers, bytes to values (man 7 rtnetlink; linux/rtnetlink.h, if_link.h, if_addr.h). Asking is native.
import { endianness } from 'node:os'
import type { InterfaceAddress, Link } from '../announcer/index.ts'

const LITTLE = endianness() === 'LE'

const RTM_NEWLINK = 16
const RTM_NEWADDR = 20

const MESSAGE_HEADER = 16
const LINK_HEADER = 16
const ADDRESS_HEADER = 8
const ATTRIBUTE_HEADER = 4
/** The two highest bits are flags. */
const ATTRIBUTE_TYPE = 0x3fff

const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_MASTER = 10
const IFLA_CARRIER_CHANGES = 35
const IFA_ADDRESS = 1
const IFA_LOCAL = 2

const ARPHRD_ETHER = 1
const IFF_UP = 0x1
const IFF_BROADCAST = 0x2
const IFF_NOARP = 0x80
const IFF_LOWER_UP = 0x10000

const FAMILIES: Readonly<Record<number, 'IPv4' | 'IPv6'>> = { 2: 'IPv4', 10: 'IPv6' }

interface Message {
  readonly type: number
  readonly body: DataView
}

/** The links of a link dump, each with what an address dump has for it. Messages of other kinds are passed over. */
export function linksOf(datagrams: readonly Uint8Array[]): readonly Link[] {
  const messages = datagrams.flatMap((datagram) => [...messagesOf(datagram)])
  const networks = new Map<number, InterfaceAddress[]>()
  for (const { type, body } of messages) {
    if (type !== RTM_NEWADDR) continue
    const { index, network } = readAddress(body)
    if (network === null) continue
    const sameLink = networks.get(index)
    if (sameLink === undefined) networks.set(index, [network])
    else sameLink.push(network)
  }
  return messages.flatMap(({ type, body }) => (type === RTM_NEWLINK ? [readLink(body, networks)] : []))
}

function* messagesOf(bytes: Uint8Array): Generator<Message> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + MESSAGE_HEADER <= view.byteLength;) {
    const length = view.getUint32(at, LITTLE)
    if (length < MESSAGE_HEADER || at + length > view.byteLength) return
    yield {
      type: view.getUint16(at + 4, LITTLE),
      body: new DataView(view.buffer, view.byteOffset + at + MESSAGE_HEADER, length - MESSAGE_HEADER),
    }
    at += align(length)
  }
}

function attributesOf(body: DataView, header: number): Map<number, DataView> {
  const attributes = new Map<number, DataView>()
  for (let at = header; at + ATTRIBUTE_HEADER <= body.byteLength;) {
    const length = body.getUint16(at, LITTLE)
    if (length < ATTRIBUTE_HEADER || at + length > body.byteLength) break
    const value = new DataView(
      body.buffer,
      body.byteOffset + at + ATTRIBUTE_HEADER,
      length - ATTRIBUTE_HEADER,
    )
    attributes.set(body.getUint16(at + 2, LITTLE) & ATTRIBUTE_TYPE, value)
    at += align(length)
  }
  return attributes
}

function align(length: number): number {
  return (length + 3) & ~3
}

function readLink(body: DataView, networks: ReadonlyMap<number, readonly InterfaceAddress[]>): Link {
  const index = body.getInt32(4, LITTLE)
  const flags = body.getUint32(8, LITTLE)
  const attributes = attributesOf(body, LINK_HEADER)
  const isEthernet =
    body.getUint16(2, LITTLE) === ARPHRD_ETHER && attributes.get(IFLA_ADDRESS)?.byteLength === 6
  return {
    index,
    name: readText(attributes.get(IFLA_IFNAME)),
    mac: isEthernet ? Number(readNumber(attributes.get(IFLA_ADDRESS))) : null,
    mtu: attributes.get(IFLA_MTU)?.getUint32(0, LITTLE) ?? 0,
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    carrierChanges: attributes.get(IFLA_CARRIER_CHANGES)?.getUint32(0, LITTLE) ?? 0,
    canBroadcast: (flags & IFF_BROADCAST) !== 0,
    hasArpDisabled: (flags & IFF_NOARP) !== 0,
    isEnslaved: attributes.has(IFLA_MASTER),
    networks: networks.get(index) ?? [],
  }
}

/** Of a point-to-point link IFA_ADDRESS is the other end, IFA_LOCAL ours. */
function readAddress(body: DataView): { index: number; network: InterfaceAddress | null } {
  const family = FAMILIES[body.getUint8(0)]
  const attributes = attributesOf(body, ADDRESS_HEADER)
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
  const index = body.getUint32(4, LITTLE)
  if (family === undefined || bytes === undefined) return { index, network: null }
  return { index, network: { address: { family, value: readNumber(bytes) }, prefixLength: body.getUint8(1) } }
}

/** In network byte order. */
function readNumber(view: DataView | undefined): bigint {
  let value = 0n
  for (let index = 0; index < (view?.byteLength ?? 0); index++)
    value = (value << 8n) | BigInt(view?.getUint8(index) ?? 0)
  return value
}

function readText(view: DataView | undefined): string {
  if (view === undefined) return ''
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))
}
