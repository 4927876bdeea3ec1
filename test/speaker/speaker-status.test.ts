import assert from 'node:assert/strict'
import test from 'node:test'
import type { Report, TransitionReport } from '../../src/speaker/intents.ts'
import { SpeakerStatus } from '../../src/speaker/speaker-status.ts'

const PEER = {
  node: 'node-2',
  instance: '0123456789abcdef',
  mac: '02:00:00:00:00:02',
  isListening: false,
  isLeaving: false,
  isStale: false,
  hasQuorum: true,
  isDeaf: false,
  held: 3,
}

const REPORT: Report = {
  held: [{ ip: '192.0.2.1', interfaces: ['eth0'], since: '2026-01-01T00:00:00Z' }],
  unplaced: [],
  conflicts: [
    { ip: '192.0.2.2', interface: 'eth0', mac: '02:00:00:00:00:99', node: null, isAnnounced: false },
  ],
  segments: [
    { interface: 'eth0', isUp: true, isListening: false, hasQuorum: true, peers: [PEER], disputed: [] },
  ],
}

function status(): SpeakerStatus {
  const servicesByAddress = () => new Map([['192.0.2.1', ['default/web']]])
  const node = () => ({ node: 'node-1', version: '1', interfaces: [], gateways: [] })
  return new SpeakerStatus({ report: () => REPORT, servicesByAddress, node })
}

function transition(count: number): TransitionReport {
  return {
    ip: '192.0.2.1',
    interface: 'eth0',
    from: 'none',
    to: 'active',
    cause: 'vacant',
    peer: null,
    silentMs: count,
    at: '2026-01-01T00:00:00Z',
  }
}

test('segments, peers, addresses and strangers are told as reported, with the Services that have the address', () => {
  const it = status()
  assert.deepEqual(it.segments(), [
    { interface: 'eth0', isUp: true, isListening: false, hasQuorum: true, peers: 1, disputed: [] },
  ])
  assert.deepEqual(it.peers(), [{ ...PEER, interface: 'eth0' }])
  assert.deepEqual(it.held()[0]?.services, ['default/web'])
  assert.deepEqual(it.conflicts()[0]?.services, [])
})

test('of the transitions the last few hundred are kept, the newest first', () => {
  const it = status()
  for (let count = 0; count < 600; count++) it.remember(transition(count))
  const keys = it.transitions.keys()
  assert.deepEqual([keys.length, keys], [500, keys.toSorted()])
  assert.equal(it.transitions.view(keys[0] ?? '')?.silentMs, 599)
})
