import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { parseIPv4Routes, parseIPv6Routes } from '../../src/wire/index.ts'

// As Linux on a little-endian machine prints them.
const IPV4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0064A8C0\tFE0200C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0065A8C0\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0
`

const NONE = '00000000000000000000000000000000'
const IPV6 = `20010db8000000000000000000000000 40 ${NONE} 00 ${NONE} 00000100 00000001 00000000 00000001     eth0
${NONE} 00 ${NONE} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
${NONE} 00 ${NONE} 00 ${NONE} ffffffff 00000001 00000000 00200200       lo
`

test('routers and the way out are read from the IPv4 table, and routes that refuse are none', () => {
  assert.deepEqual(parseIPv4Routes(IPV4), [
    { interface: 'eth0', isDefault: true, gateway: '192.0.2.1' },
    { interface: 'ppp0', isDefault: true, gateway: null },
    { interface: 'eth0', isDefault: false, gateway: null },
    { interface: 'eth1', isDefault: false, gateway: '192.0.2.254' },
  ])
})

test('routers and the way out are read from the IPv6 table', () => {
  assert.deepEqual(parseIPv6Routes(IPV6), [
    { interface: 'eth0', isDefault: false, gateway: null },
    { interface: 'eth0', isDefault: true, gateway: 'fe80::1' },
  ])
})

test('what is no table has no routes', () => {
  for (const text of ['', 'nonsense\n', 'eth0\tzz\tzz\t0003\t0\t0\t0\tzz\n']) {
    assert.deepEqual(
      parseIPv4Routes(text).filter(({ gateway, isDefault }) => gateway !== null || isDefault),
      [],
    )
    assert.deepEqual(parseIPv6Routes(text), [])
  }
})

test('the tables of this machine can be read', () => {
  for (const route of parseIPv4Routes(readFileSync('/proc/net/route', 'utf8')))
    assert.notEqual(route.interface, '')
})
