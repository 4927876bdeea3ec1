import assert from 'node:assert/strict'
import test from 'node:test'
import { FlagError } from '../../src/flags.ts'
import { tlsOptions } from '../../src/status/tls-options.ts'

function options(version = '', suites = '', curves = '') {
  return tlsOptions({
    'tls-min-version': version,
    'tls-cipher-suites': suites,
    'tls-curve-preferences': curves,
  })
}

test('by default TLS 1.3 is spoken, and nothing older', () => {
  assert.deepEqual(options(), { minVersion: 'TLSv1.3' })
})

test('Go’s names of versions, suites and curves mean the same here', () => {
  assert.deepEqual(
    options(
      'VersionTLS12',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
      '29, 23',
    ),
    {
      minVersion: 'TLSv1.2',
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305',
      ecdhCurve: 'X25519:P-256',
    },
  )
})

test('what makes no sense is refused with what would', () => {
  for (const [asked, told] of [
    [['VersionTLS10'], /expected VersionTLS12 or VersionTLS13/],
    [['', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'], /TLS 1\.3 has its own/],
    [['VersionTLS12', 'TLS_RSA_WITH_RC4_128_SHA'], /TLS_RSA_WITH_RC4_128_SHA is not one of/],
    [['', '', '23,23'], /twice/],
    [['', '', '1'], /1 is not one of/],
  ] as const) {
    assert.throws(
      () => options(...asked),
      (error) => error instanceof FlagError && told.test(error.message),
    )
  }
})
