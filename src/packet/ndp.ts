// Neighbour discovery messages that are sent unasked (RFC 4861 section 4), as whole frames. When to send which is
// announcer/; what others send is read by native code.
import type { Address } from '../ip/index.ts'
import { Writer } from './cursor.ts'
import { icmp6Frame } from './icmp6-frame.ts'
import type { Mac } from './mac.ts'

/** RFC 4861 section 7.1: anything less has passed a router. */
const HOP_LIMIT = 255

const SOLICITATION = 135
const ADVERTISEMENT = 136
const FLAG_OVERRIDE = 0x2000_0000
const OPTION_TARGET_LINK_ADDRESS = 2

const UNSPECIFIED = 0n
const ALL_NODES = 0xff02_0000_0000_0000_0000_0000_0000_0001n
/** Followed by the last 24 bits of the address. */
const SOLICITED_NODE_PREFIX = 0xff02_0000_0000_0000_0000_0001_ff00_0000n
const SOLICITED_NODE_BITS = 0xff_ffffn

/** Of either message, without options. */
const MESSAGE_BYTES = 24
const LINK_ADDRESS_OPTION_BYTES = 8

/** The group that is asked for an address (RFC 4291 section 2.7.1). */
export function solicitedNodeGroup({ value }: Address): bigint {
  return SOLICITED_NODE_PREFIX | (value & SOLICITED_NODE_BITS)
}

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
  return icmp6Frame({ mac, source: value, destination: ALL_NODES, hopLimit: HOP_LIMIT, message })
}

/**
 * The frame that asks whether `address` is in use by anybody, without using it (RFC 4862 section 5.4.2): from the
 * unspecified address, and without an option, because nobody shall learn from it.
 */
export function duplicateProbe(mac: Mac, address: Address): Uint8Array {
  const message = new Writer(MESSAGE_BYTES).number(1, SOLICITATION).number(7, 0).big(16, address.value).bytes
  const destination = solicitedNodeGroup(address)
  return icmp6Frame({ mac, source: UNSPECIFIED, destination, hopLimit: HOP_LIMIT, message })
}
