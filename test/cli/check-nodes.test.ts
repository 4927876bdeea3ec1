import assert from 'node:assert/strict'
import test from 'node:test'
import { checkNodes } from '../../src/cli/check-nodes.ts'
import type { Hearing, InterfaceView, NodeView } from '../../src/status/index.ts'
import { pool } from '../config/objects.ts'
import { clusterOf, NODES } from './objects.ts'

function eth0(node: string, changes: Partial<InterfaceView> = {}): InterfaceView {
  return {
    name: 'eth0',
    mac: `02:00:00:00:00:0${node.at(-1)}`,
    mtu: 1500,
    isUp: true,
    networks: [`192.0.2.1${node.at(-1)}/24`, 'fe80::1/64'],
    rpFilter: 'loose',
    isDefault: true,
    ...changes,
  }
}

/** A node that hears all others on eth0. */
function told(node: string, changes: Partial<NodeView> = {}): Hearing {
  const facts = {
    node,
    version: '0.1.0',
    interfaces: [eth0(node)],
    gateways: [{ ip: '192.0.2.1', interface: 'eth0' }],
    ...changes,
  }
  const segment = {
    interface: 'eth0',
    isUp: true,
    isListening: false,
    hasQuorum: true,
    peers: 2,
    disputed: [],
  }
  const peers = NODES.filter((other) => other !== node).map((other) => ({
    interface: 'eth0',
    node: other,
    instance: other,
    mac: eth0(other).mac,
    isListening: false,
    isLeaving: false,
    isStale: false,
    hasQuorum: true,
    isDeaf: false,
    held: 0,
  }))
  return { node, facts, segments: [segment], peers }
}

const WELL = NODES.map((node) => told(node))

/** With this told of node-1. */
function besides(changes: Partial<NodeView>): Hearing[] {
  return [told('node-1', changes), ...WELL.slice(1)]
}

function found(hearings: readonly Hearing[], addresses = ['192.0.2.100-192.0.2.109']): string[] {
  const cluster = clusterOf({ pools: [pool('lan', addresses)] })
  return checkNodes(cluster, hearings).map(({ level, reason, object }) => `${level} ${reason} ${object}`)
}

test('of nodes that fit together and to the pools there is nothing to say', () => {
  assert.deepEqual(found(WELL), [])
  assert.deepEqual(found([]), [])
})

test('a pool in no node’s subnet is told, once each node that may announce has been heard', () => {
  const outside = ['192.0.2.100-192.0.2.109', '198.51.100.128/25']
  assert.deepEqual(found(WELL, outside), ['warning PoolOutsideSubnets IPAddressPool lan'])
  assert.deepEqual(found(WELL.slice(1), outside), [])
  assert.deepEqual(found([...WELL.slice(1), { node: 'node-1', problem: 'no answer' }], outside), [])
  const second = eth0('node-1', { name: 'eth1', networks: ['198.51.100.7/24'] })
  assert.deepEqual(found(besides({ interfaces: [eth0('node-1'), second] }), outside), [])
})

test('where DHCPv6 gives the nodes bare addresses, nobody knows their IPv6 subnets, and the IPv4 ones all the same', () => {
  const bare = (node: string): InterfaceView =>
    eth0(node, { networks: [`192.0.2.1${node.at(-1)}/24`, `2001:db8::1${node.at(-1)}/128`, 'fe80::1/64'] })
  const hearings = NODES.map((node) => told(node, { interfaces: [bare(node)] }))
  assert.deepEqual(found(hearings, ['2001:db8::100-2001:db8::1ff']), [])
  const outside = ['warning PoolOutsideSubnets IPAddressPool lan']
  assert.deepEqual(found(hearings, ['2001:db8::100-2001:db8::1ff', '198.51.100.128/25']), outside)
  assert.deepEqual(found(WELL, ['2001:db8::100-2001:db8::1ff']), outside)
  const byHand = eth0('node-1', { networks: ['2001:db8:1::1/64', '2001:db8::100/128'] })
  assert.deepEqual(
    found(
      NODES.map((node) => told(node, { interfaces: [byHand] })),
      ['2001:db8::/120'],
    ),
    outside,
  )
})

test('a pool that would give out a router’s or a node’s second address is told', () => {
  const whole = ['192.0.2.0/24']
  assert.deepEqual(found(WELL, whole), ['error GatewayInPool IPAddressPool lan'])
  const excluded = clusterOf({ pools: [pool('lan', whole, { excludeAddresses: ['192.0.2.1/32'] })] })
  assert.deepEqual(checkNodes(excluded, WELL), [])
  const second = eth0('node-1', { networks: ['192.0.2.11/24', '192.0.2.105/24'] })
  assert.deepEqual(found(besides({ interfaces: [second] })), ['error NodeAddressInPool IPAddressPool lan'])
  const byHand = eth0('node-1', { networks: ['192.0.2.11/24', '192.0.2.105/32'] })
  assert.deepEqual(found(besides({ interfaces: [byHand] })), [])
})

test('strict reverse path filtering is told where it drops: beyond the subnet, or everything', () => {
  const strict = { rpFilter: 'strict' } as const
  const other = { ...eth0('node-1'), name: 'eth1', mac: '02:00:00:00:00:11' }
  assert.deepEqual(found(besides({ interfaces: [eth0('node-1', strict)] })), [])
  const elsewhere = eth0('node-1', { ...strict, isDefault: false })
  const told = 'warning StrictReversePath Node node-1'
  assert.deepEqual(found(besides({ interfaces: [elsewhere, { ...other, isDefault: true }] })), [told])
  assert.deepEqual(found(besides({ interfaces: [eth0('node-1', { ...strict, networks: [] }), other] })), [
    told,
  ])
  assert.deepEqual(
    found(besides({ interfaces: [eth0('node-1'), { ...other, ...strict, isDefault: false }] })),
    [],
  )
})

test('interfaces of one segment with different MTUs are told by the smaller one', () => {
  assert.deepEqual(found(besides({ interfaces: [eth0('node-1', { mtu: 1400 })] })), [
    'warning DifferentMTU Node node-1',
  ])
  assert.deepEqual(found(besides({ interfaces: [eth0('node-1', { mtu: 9000 })] })), [
    'warning DifferentMTU Node node-2',
    'warning DifferentMTU Node node-3',
  ])
})

test('of interfaces with one MAC the one is compared that has the name of the one that hears it', () => {
  const withVlan = (node: string, mtu: number): Partial<NodeView> => ({
    interfaces: [eth0(node, { mtu: 9000 }), eth0(node, { name: 'eth0.100', networks: [], mtu })],
  })
  const all = NODES.map((node) => told(node, withVlan(node, 1500)))
  assert.deepEqual(found(all), [])
  const small = told('node-1', { interfaces: [eth0('node-1', { mtu: 1500 }), eth0('node-1', { name: 'x' })] })
  assert.deepEqual(found([small, ...all.slice(1)]), ['warning DifferentMTU Node node-1'])
})

test('of interfaces with one MAC and other names nothing is said', () => {
  const other = [eth0('node-1', { name: 'lan', mtu: 1400 }), eth0('node-1', { name: 'lan.7', mtu: 1500 })]
  assert.deepEqual(found(besides({ interfaces: other })), [])
  assert.deepEqual(found(besides({ interfaces: other.slice(0, 1) })), ['warning DifferentMTU Node node-1'])
})
