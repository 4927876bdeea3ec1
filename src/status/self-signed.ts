// A certificate that nobody vouches for, made when there is none: it keeps tokens from those who only listen.
// X.509 (RFC 5280) in DER (X.690), as much of it as one ECDSA certificate needs. Pure but for keys and randomness.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface KeyAndCertificate {
  /** PEM. */
  readonly key: string
  readonly cert: string
}

/** Clocks of nodes differ. */
const BACKDATED_MS = 3_600_000
const VALID_MS = 10 * 365 * 24 * 3_600_000

/** P-256, for the given names, valid for ten years around `now` (ms since 1970): the process does not live as long. */
export function selfSigned(dnsNames: readonly string[], now: number): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tbs = toBeSigned(dnsNames, publicKey, now)
  const signature = sign('sha256', tbs, privateKey)
  const certificate = sequence(tbs, ECDSA_WITH_SHA256, bitString(signature))
  const body = certificate.toString('base64').replaceAll(/.{1,64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n`,
  }
}

/** TBSCertificate, RFC 5280 section 4.1. */
function toBeSigned(dnsNames: readonly string[], publicKey: KeyObject, now: number): Buffer {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40 // positive, and never shortened
  const [commonName = ''] = dnsNames
  const name = sequence(set(sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))))
  const alternatives = dnsNames.map((each) => der(0x82, Buffer.from(each, 'latin1')))
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(now - BACKDATED_MS), time(now + VALID_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(SUBJECT_ALT_NAME, der(0x04, sequence(...alternatives))))),
  )
}

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
/** 2.5.4.3 */
const COMMON_NAME = der(0x06, Buffer.from('550403', 'hex'))
/** 2.5.29.17 */
const SUBJECT_ALT_NAME = der(0x06, Buffer.from('551d11', 'hex'))

/** Tag, length, value. */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value
  const long = length < 0x80 ? [] : length < 0x100 ? [0x81] : [0x82, length >> 8]
  return Buffer.concat([Buffer.from([tag, ...long, length & 0xff]), value])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(part: Buffer): Buffer {
  return der(0x31, part)
}

function bitString(value: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), value]))
}

/** GeneralizedTime; RFC 5280 section 4.1.2.5 wants UTCTime until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}
