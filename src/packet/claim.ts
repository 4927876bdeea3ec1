// What a frame says about whose an address is, in either family.
import type { Address } from '../ip/index.ts'
import { decodeArp } from './arp.ts'
import type { Mac } from './mac.ts'
import { decodeAdvertisement } from './ndp.ts'

/** Somebody with this MAC says that it has this address. */
export interface Claim {
  readonly address: Address
  readonly mac: Mac
}

/** The claim in a frame: the sender of an ARP packet, the target of a neighbour advertisement; `null` without one. */
export function claimIn(frame: Uint8Array): Claim | null {
  const arp = decodeArp(frame)
  if (arp !== null) return { address: arp.senderAddress, mac: arp.senderMac }
  const advertisement = decodeAdvertisement(frame)
  return advertisement === null ? null : { address: advertisement.target, mac: advertisement.mac }
}
