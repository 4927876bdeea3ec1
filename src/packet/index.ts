// Frames: bytes to values and back. Says nothing of when they are sent.
export { type ArpFrame, type ArpOperation, arpProbe, decodeArp, encodeArp, gratuitousArp } from './arp.ts'
export { BROADCAST_MAC, formatMac, type Mac, parseMac } from './mac.ts'
export { duplicateProbe, unsolicitedAdvertisement } from './ndp.ts'
