// Frames: bytes to values and back. Says nothing of when they are sent.
export { type ArpFrame, type ArpOperation, arpProbe, decodeArp, encodeArp, gratuitousArp } from './arp.ts'
export {
  CLAIM_STATES,
  type ClaimState,
  type Hello,
  type HelloClaim,
  type HelloRefusal,
  MAX_KEYS,
  type ReceivedHello,
  type Sealing,
  decodeHello,
  encodeHello,
  splitClaims,
} from './hello.ts'
export { frameHello, unframeHello } from './hello-frame.ts'
export { type HelloKey, helloKey } from './hello-key.ts'
export { BROADCAST_MAC, formatMac, type Mac } from './mac.ts'
export {
  decodeListenerQuery,
  firstVersionReport,
  isLinkLocal,
  type ListenerQuery,
  type ListenerRecord,
  listenerReport,
  MAX_LISTENER_RECORDS,
} from './mld.ts'
export { duplicateProbe, solicitedNodeGroup, unsolicitedAdvertisement } from './ndp.ts'
