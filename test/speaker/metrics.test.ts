import assert from 'node:assert/strict'
import test from 'node:test'
import { Registry } from 'prom-client'
import { type Counters, NOTHING_REPORTED } from '../../src/speaker/intents.ts'
import { registerSpeakerMetrics } from '../../src/speaker/metrics.ts'

test('what the responder counted is shown as it stands, and goes with its address', async () => {
  const registry = new Registry()
  const count = { requests: 3, responses: 2, gratuitous: 5 }
  let counters: Counters = {
    addresses: { '192.0.2.1': count, '192.0.2.2': count },
    frames: { answered: 2 },
    losses: {},
    hellos: {},
  }
  registerSpeakerMetrics(registry, {
    node: 'node-1',
    report: () => NOTHING_REPORTED,
    counters: async () => counters,
    servicesByAddress: () => new Map(),
  })
  const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n')
  await lines()
  const shown = await lines()
  assert.ok(shown.includes('# TYPE metallb_layer2_requests_received counter'))
  assert.ok(shown.includes('metallb_layer2_requests_received{ip="192.0.2.1"} 3'))
  assert.ok(shown.includes('metallb_layer2_gratuitous_sent{ip="192.0.2.2"} 5'))
  assert.ok(shown.includes('typemetal_responder_frames{fate="answered"} 2'))
  counters = { ...counters, addresses: { '192.0.2.1': count } }
  assert.ok(!(await lines()).some((line) => line.includes('192.0.2.2')))
})
