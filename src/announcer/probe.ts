// The frame that asks whether anybody uses an address (RFC 5227 section 1.1, RFC 4862 section 5.4.2).
import type { Address, Family } from '../ip/index.ts'
import { arpProbe, duplicateProbe, type Mac } from '../packet/index.ts'

export const PROBE_FRAME: Readonly<Record<Family, (mac: Mac, address: Address) => Uint8Array>> = {
  IPv4: arpProbe,
  IPv6: duplicateProbe,
}
