// Links as the kernel would show them, for the tables of these tests.
import type { FitLink, InterfaceAddress, Link } from '../../src/announcer/index.ts'
import { addressOf } from '../ip/address-of.ts'

let links = 0

/** An ordinary Ethernet interface, up, with its cable in, in 192.0.2.0/24 and with IPv6; but for `changes`. */
export function link(name: string, changes: Partial<Link> = {}): FitLink {
  const index = ++links
  return {
    index,
    name,
    mac: 0x02_00_00_00_00_00 + index,
    mtu: 1500,
    isUp: true,
    hasCarrier: true,
    carrierChanges: 1,
    canBroadcast: true,
    hasArpDisabled: false,
    isEnslaved: false,
    networks: [network('192.0.2.1/24'), network('fe80::1/64')],
    ...changes,
  } as FitLink
}

/** From `address/prefix`. */
export function network(text: string): InterfaceAddress {
  const [own = '', prefixLength] = text.split('/')
  return { address: addressOf(own), prefixLength: Number(prefixLength) }
}
