// A network interface as the kernel describes it: the plain value on which the choice of interfaces rests.
import type { Address } from '../ip/index.ts'
import type { Mac } from '../packet/index.ts'

export interface Link {
  /** The kernel's ifindex: stays with a rename, new when an interface is made anew under the same name. */
  readonly index: number
  readonly name: string
  /** `null` for what is not Ethernet: tunnels, loopback. */
  readonly mac: Mac | null
  /** Bytes. */
  readonly mtu: number
  /** Set up by the administrator (IFF_UP). */
  readonly isUp: boolean
  /** The cable is in (IFF_LOWER_UP). */
  readonly hasCarrier: boolean
  /** Counts how often the carrier came or went: tells a flap that is over. */
  readonly carrierChanges: number
  readonly canBroadcast: boolean
  /** IFF_NOARP. */
  readonly hasArpDisabled: boolean
  /** Part of a bond, bridge or VRF, which speaks for it. */
  readonly isEnslaved: boolean
  readonly networks: readonly InterfaceAddress[]
}

/** An address of the interface itself, with the length of its subnet's prefix. */
export interface InterfaceAddress {
  readonly address: Address
  readonly prefixLength: number
}

/** One that can announce, see `fitLinks`. */
export interface FitLink extends Link {
  readonly mac: Mac
}
