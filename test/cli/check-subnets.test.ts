import assert from 'node:assert/strict'
import test from 'node:test'
import { checkSubnets } from '../../src/cli/check-subnets.ts'
import type { Hearing, InterfaceView } from '../../src/status/index.ts'

type Heard = Exclude<Hearing, { problem: string }>

function macOf(node: string): string {
  return `02:00:00:00:00:0${node.at(-1)}`
}

/** `node`, with these networks on eth0, hears those with these digits there. */
function told(node: string, hears: string, networks: readonly string[], listens = false): Heard {
  const eth0: InterfaceView = {
    name: 'eth0',
    mac: macOf(node),
    mtu: 1500,
    isUp: true,
    networks,
    rpFilter: null,
    isDefault: true,
  }
  const condition = { isListening: listens, hasQuorum: true }
  const peers = hears.split('').map((digit) => ({
    interface: 'eth0',
    node: `node-${digit}`,
    instance: digit,
    mac: macOf(`node-${digit}`),
    isLeaving: false,
    isStale: false,
    isDeaf: false,
    held: 0,
    ...condition,
  }))
  return {
    node,
    facts: { node, version: '0.1.0', interfaces: [eth0], gateways: [] },
    segments: [{ interface: 'eth0', isUp: true, ...condition, peers: peers.length, disputed: [] }],
    peers,
  }
}

const LAN = ['192.0.2.11/24', 'fe80::1/64']
const OTHER = ['198.51.100.11/24', 'fe80::2/64']

function found(...hearings: readonly Hearing[]): string[] {
  return checkSubnets(hearings).map(
    ({ level, reason, object, what }) => `${level} ${reason} ${object}: ${what}`,
  )
}

test('of nodes of one subnet that all hear each other there is nothing to say', () => {
  assert.deepEqual(found(told('node-1', '2', LAN), told('node-2', '1', LAN)), [])
  assert.deepEqual(found({ node: 'node-1', problem: 'no answer' }), [])
})

test('two halves of a subnet that do not hear each other are told', () => {
  const halves = [
    told('node-1', '2', LAN),
    told('node-2', '1', LAN),
    told('node-3', '4', LAN),
    told('node-4', '3', LAN),
  ]
  const across = (node: string): string =>
    `warning SubnetNotHeard Node ${node}: it and node-3,node-4 do not hear each other, ` +
    'though all have an interface in 192.0.2.0-192.0.2.255'
  assert.deepEqual(found(...halves), [across('node-1'), across('node-2')])
})

test('who hears nobody, listens still, or is heard by some is told of elsewhere, or not at all', () => {
  assert.deepEqual(found(told('node-1', '', LAN), told('node-2', '3', LAN), told('node-3', '2', LAN)), [])
  assert.deepEqual(found(told('node-1', '3', LAN), told('node-2', '3', LAN), told('node-3', '12', LAN)), [])
  assert.deepEqual(found(told('node-1', '9', LAN, true), told('node-2', '8', LAN)), [])
})

test('nodes of different subnets that do not hear each other are well', () => {
  const one = [told('node-1', '2', LAN), told('node-2', '1', LAN)]
  const other = [told('node-3', '4', OTHER), told('node-4', '3', OTHER)]
  assert.deepEqual(found(...one, ...other), [])
})

test('nodes that hear each other and share no subnet are told, once for the two subnets', () => {
  const hearings = [told('node-1', '23', LAN), told('node-2', '13', OTHER), told('node-3', '12', OTHER)]
  assert.deepEqual(found(...hearings), [
    'note HeardAcrossSubnets Node node-1: on eth0 it hears node-2, with which it shares no subnet: ' +
      '192.0.2.0-192.0.2.255 and 198.51.100.0-198.51.100.255',
  ])
})

test('where one has single addresses, one family alone, or a wider subnet, nothing is said', () => {
  for (const networks of [['198.51.100.7/32'], ['2001:db8::1/64'], ['fe80::9/64'], [], ['192.0.0.9/16']])
    assert.deepEqual(found(told('node-1', '2', LAN), told('node-2', '1', networks)), [])
})
