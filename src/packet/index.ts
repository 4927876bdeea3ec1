// Frames: bytes to values and back. Says nothing of when they are sent.
export { type ArpFrame, type ArpOperation, decodeArp, encodeArp, gratuitousArp } from './arp.ts'
export { claimIn } from './claim.ts'
export { BROADCAST_MAC, formatMac, type Mac, parseMac } from './mac.ts'
export { decodeAdvertisement, unsolicitedAdvertisement } from './ndp.ts'
