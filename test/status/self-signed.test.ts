import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import test from 'node:test'
import { selfSigned } from '../../src/status/self-signed.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')

test('the certificate that we make is one that others read: names, times, key and signature', () => {
  const { cert, key } = selfSigned(['controller.metallb-system.svc', 'localhost'], NOW)
  const read = new X509Certificate(cert)
  assert.equal(read.subject, 'CN=controller.metallb-system.svc')
  assert.equal(read.subjectAltName, 'DNS:controller.metallb-system.svc, DNS:localhost')
  assert.equal(read.checkHost('localhost'), 'localhost')
  assert.deepEqual(
    [new Date(read.validFrom).toISOString(), new Date(read.validTo).toISOString()],
    ['2026-05-31T23:00:00.000Z', '2036-05-29T00:00:00.000Z'],
  )
  assert.ok(read.verify(read.publicKey))
  assert.ok(read.checkPrivateKey(createPrivateKey(key)))
})

test('each has a number of its own, and beyond 2049 the time has four digits for the year', () => {
  const [one, other] = [selfSigned(['a'], NOW), selfSigned(['a'], NOW)]
  assert.notEqual(new X509Certificate(one.cert).serialNumber, new X509Certificate(other.cert).serialNumber)
  const late = new X509Certificate(selfSigned(['a'], Date.parse('2045-01-01T00:00:00Z')).cert)
  assert.equal(new Date(late.validTo).getUTCFullYear(), 2054)
})
