import assert from 'node:assert/strict'
import test from 'node:test'
import { explain } from '../../src/allocator/index.ts'
import { readRequest } from '../../src/allocator/request.ts'
import { fc } from '../fast-check.ts'
import { service } from './cluster.ts'

test('whatever an annotation holds, it is read or refused in a sentence of bearable length', () => {
  const nearly = fc.string({
    unit: fc.constantFrom('1', '9', '0', 'f', ':', '.', ',', ' ', '/'),
    maxLength: 80,
  })
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), fc.string(), fc.string(), (ips, name, key) => {
      const annotations = {
        'metallb.io/loadBalancerIPs': ips,
        'metallb.io/address-pool': name,
        'metallb.io/allow-shared-ip': key,
      }
      const { addresses, problem, sharing } = readRequest(service('web', { annotations }))
      assert.ok(addresses.length <= 2)
      assert.equal(sharing.key, key)
      if (problem !== null) assert.ok(explain(problem).length < 500)
    }),
    { numRuns: 2000 },
  )
  for (const long of ['1'.repeat(1_000_000), ','.repeat(1_000_000), '10.0.0.1,'.repeat(100_000)]) {
    const { problem } = readRequest(service('web', { annotations: { 'metallb.io/loadBalancerIPs': long } }))
    assert.ok(problem !== null && explain(problem).length < 500)
  }
})
