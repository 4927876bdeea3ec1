import assert from 'node:assert/strict'
import test from 'node:test'
import { announcingLinks, fitLinks, linksForRange, nodeLinks } from '../../src/announcer/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { link, network } from './links.ts'

const names = (links: readonly { name: string }[]): string[] => links.map(({ name }) => name)

test('an interface that is up and speaks Ethernet can announce, with or without addresses and cable', () => {
  const eth0 = link('eth0', { networks: [], hasCarrier: false })
  assert.deepEqual(fitLinks([eth0], []), [eth0])
})

for (const [what, unfit] of [
  ['down', { isUp: false }],
  ['part of a bond, bridge or VRF', { isEnslaved: true }],
  ['without ARP', { hasArpDisabled: true }],
  ['point to point', { canBroadcast: false }],
  ['not Ethernet', { mac: null }],
] as const) {
  test(`an interface that is ${what} cannot`, () => assert.deepEqual(fitLinks([link('eth0', unfit)], []), []))
}

test('exclusions match anywhere in the name, as MetalLB has it', () => {
  const links = ['eth0', 'veth1', 'myveth', 'lo'].map((name) => link(name))
  assert.deepEqual(names(fitLinks(links, [/^veth.*/, /^lo$/])), ['eth0', 'myveth'])
  assert.deepEqual(names(fitLinks(links, [/veth/])), ['eth0', 'lo'])
})

const LAN = link('lan', {
  networks: [network('172.25.254.11/24'), network('fd00:172:25:254::11/64'), network('fe80::1/64')],
})
const LAN2 = link('lan2', {
  networks: [network('172.25.253.11/24'), network('172.25.254.50/32'), network('fe80::2/64')],
})
const BARE = link('bare', { networks: [] })
const LINKS = [LAN, LAN2, BARE]
const NEAR = {
  family: 'IPv4',
  first: addressOf('172.25.254.50').value,
  last: addressOf('172.25.254.60').value,
} as const

for (const [what, text, named, expected] of [
  ['an address goes to the interface with its subnet', '172.25.254.50', null, ['lan']],
  ['so does an IPv6 address', 'fd00:172:25:254::50', null, ['lan']],
  ['an address in no subnet goes to all', '203.0.113.1', null, ['lan', 'lan2', 'bare']],
  ['of IPv6 to those where IPv6 is on', '2001:db8::1', null, ['lan', 'lan2']],
  ['whatever a list says', '2001:db8::1', ['lan2', 'bare'], ['lan2']],
  ['a list is obeyed, whatever the subnets', '172.25.254.50', ['bare', 'lan2'], ['lan2', 'bare']],
  ['a list that names nothing here gives nothing', '172.25.254.50', ['eth7'], []],
  ['an empty list gives nothing', '172.25.254.50', [], []],
] as const) {
  test(what, () => {
    assert.deepEqual(names(announcingLinks(addressOf(text), named, nodeLinks(LINKS, []))), expected)
  })
}

for (const [what, changes] of [
  ['down', { isUp: false }],
  ['part of a bond', { isEnslaved: true }],
  ['excluded', { name: 'br-lan' }],
] as const) {
  test(`an address whose subnet is on an interface that is ${what} has no business in other LANs`, () => {
    const links = nodeLinks([{ ...LAN, ...changes }, LAN2, BARE], [/^br-/])
    assert.deepEqual(announcingLinks(addressOf('172.25.254.50'), null, links), [])
    assert.deepEqual(linksForRange(NEAR, null, links), [])
  })
}

test('the subnets of what can never announce are no LANs', () => {
  const dummy = link('dummy0', { hasArpDisabled: true, networks: [network('203.0.113.1/24')] })
  const links = nodeLinks([dummy, BARE], [])
  assert.deepEqual(names(announcingLinks(addressOf('203.0.113.5'), null, links)), ['bare'])
})
