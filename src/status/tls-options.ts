// How HTTPS is spoken: MetalLB's flags, which have Go's names for things, in OpenSSL's.

import { createSecureContext, type SecureVersion } from 'node:tls'
import { FlagError } from '../flags.ts'

export interface TlsOptions {
  readonly minVersion: SecureVersion
  /** OpenSSL's names with colons between; absent: OpenSSL's own choice. */
  readonly ciphers?: string
  readonly ecdhCurve?: string
}

const VERSIONS: Readonly<Record<string, SecureVersion>> = {
  '': 'TLSv1.3',
  VersionTLS13: 'TLSv1.3',
  VersionTLS12: 'TLSv1.2',
}

/** Those of TLS 1.2 that are still thought safe. */
const SUITES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
}

/** By Go's CurveID, which is the number in the TLS registry. */
const CURVES: Readonly<Record<string, string>> = {
  23: 'P-256',
  24: 'P-384',
  25: 'P-521',
  29: 'X25519',
  4588: 'X25519MLKEM768',
}

interface TlsFlags {
  readonly 'tls-min-version': string
  readonly 'tls-cipher-suites': string
  readonly 'tls-curve-preferences': string
}

/** Throws `FlagError` for what makes no sense. */
export function tlsOptions(flags: TlsFlags): TlsOptions {
  const minVersion = VERSIONS[flags['tls-min-version']]
  if (minVersion === undefined) {
    throw new FlagError(
      `--tls-min-version=${flags['tls-min-version']}: expected VersionTLS12 or VersionTLS13`,
    )
  }
  const suites = listed('tls-cipher-suites', flags['tls-cipher-suites'], SUITES)
  if (suites.length > 0 && minVersion === 'TLSv1.3') {
    throw new FlagError(
      '--tls-cipher-suites: TLS 1.3 has its own; give --tls-min-version=VersionTLS12, or leave it',
    )
  }
  const curves = listed('tls-curve-preferences', flags['tls-curve-preferences'], CURVES).filter(isKnown)
  return {
    minVersion,
    ...(suites.length > 0 && { ciphers: suites.join(':') }),
    ...(curves.length > 0 && { ecdhCurve: curves.join(':') }),
  }
}

function listed(flag: string, text: string, names: Readonly<Record<string, string>>): string[] {
  const asked = text.split(',').flatMap((part) => part.trim() || [])
  if (new Set(asked).size < asked.length) throw new FlagError(`--${flag}=${text}: something stands twice`)
  return asked.map((each) => {
    const name = names[each]
    if (name !== undefined) return name
    throw new FlagError(`--${flag}: ${each} is not one of ${Object.keys(names).join(', ')}`)
  })
}

/** Older OpenSSLs lack the newest curve; the others do as well. */
function isKnown(curve: string): boolean {
  try {
    createSecureContext({ ecdhCurve: curve })
    return true
  } catch {
    return false
  }
}
