import assert from 'node:assert/strict'
import test from 'node:test'
import type { Node } from '../../src/api/index.ts'
import { nodeReservations, serviceCidrReservations } from '../../src/config/index.ts'
import { formatRange } from '../../src/ip/index.ts'

function node(...addresses: [type: string, address: string][]): Node {
  return {
    metadata: { name: 'worker-1' },
    status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
  }
}

test('a node’s internal and external addresses are reserved; names and what is no address are not', () => {
  const reservations = nodeReservations(
    node(
      ['InternalIP', '192.0.2.11'],
      ['ExternalIP', '2001:db8::11'],
      ['Hostname', '192.0.2.99'],
      ['InternalIP', 'x'],
    ),
  )
  assert.deepEqual(
    reservations.map(({ range, owner }) => `${formatRange(range)} ${owner}`),
    ['192.0.2.11 Node worker-1', '2001:db8::11 Node worker-1'],
  )
  assert.deepEqual(nodeReservations({}), [])
})

test('a Service network is reserved as a whole, in each family', () => {
  const cidrs = ['10.96.0.0/16', '2001:db8:1::/112', 'nonsense']
  assert.deepEqual(
    serviceCidrReservations({ metadata: { name: 'kubernetes' }, spec: { cidrs } }).map(
      ({ range, owner }) => `${formatRange(range)} ${owner}`,
    ),
    [
      '10.96.0.0-10.96.255.255 ServiceCIDR kubernetes',
      '2001:db8:1::-2001:db8:1::ffff ServiceCIDR kubernetes',
    ],
  )
})
