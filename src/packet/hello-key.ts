// The keys that hellos are signed with. Where they come from and when they change is the speaker's.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Bytes of HMAC-SHA-256 that are sent: 128 bits (RFC 2104 section 5: at least half of the hash). */
export const SIGNATURE_BYTES = 16

export interface HelloKey {
  /** uint32, from the secret: tells keys apart while one replaces the other. */
  readonly id: number
  readonly secret: Uint8Array
}

/** The key made of `secret`, any number of bytes. */
export function helloKey(secret: Uint8Array): HelloKey {
  const digest = createHash('sha256').update('typemetal key id\0').update(secret).digest()
  return { id: digest.readUInt32BE(0), secret }
}

export function sign(bytes: Uint8Array, { secret }: HelloKey): Uint8Array {
  return createHmac('sha256', secret).update(bytes).digest().subarray(0, SIGNATURE_BYTES)
}

export function isSignedBy(key: HelloKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && timingSafeEqual(sign(bytes, key), signature)
}
