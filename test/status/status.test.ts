import assert from 'node:assert/strict'
import test from 'node:test'
import {
  apiRequestMetrics,
  eventMetrics,
  healthServer,
  metricsRegistry,
  speakerServer,
  type NodeView,
  type SpeakerSource,
} from '../../src/status/index.ts'

const INIT = { access: { kind: 'loopback' }, onDefect: assert.ifError } as const

const NODE: NodeView = {
  node: 'node-1',
  version: '1',
  interfaces: [
    {
      name: 'eth0',
      mac: '02:00:00:00:00:01',
      mtu: 1500,
      isUp: true,
      networks: ['192.0.2.11/24'],
      rpFilter: null,
      isDefault: true,
    },
  ],
  gateways: [{ ip: '192.0.2.1', interface: 'eth0' }],
}

const NOTHING: SpeakerSource = {
  node: () => NODE,
  segments: () => [],
  peers: () => [],
  held: () => [],
  conflicts: () => [],
  transitions: () => [],
}

test('health says what is wrong, with 503, and ok otherwise', async () => {
  let problem: string | undefined = 'waiting for the API server'
  const server = healthServer({ notAlive: () => undefined, notReady: () => problem }, 'everybody')
  const before = await server.inject('/readyz')
  assert.deepEqual([before.statusCode, before.body], [503, 'waiting for the API server\n'])
  assert.equal((await server.inject('/healthz')).body, 'ok\n')
  problem = undefined
  assert.equal((await server.inject('/readyz')).statusCode, 200)
})

test('requests and events are counted, and the delay of the event loop is told', async () => {
  const registry = metricsRegistry()
  const answered = apiRequestMetrics(registry)
  answered({ method: 'PATCH', code: '200', seconds: 0.002 })
  answered({ method: 'PATCH', code: '409', seconds: 0.02 })
  eventMetrics(registry)('dropped')
  const { body } = await speakerServer(NOTHING, registry, INIT).inject('/metrics')
  for (const line of [
    'typemetal_api_requests_total{verb="PATCH",code="409"} 1',
    'typemetal_api_request_duration_seconds_bucket{le="0.003",verb="PATCH"} 1',
    'typemetal_api_request_duration_seconds_count{verb="PATCH"} 2',
    'typemetal_events_total{outcome="dropped"} 1',
  ]) {
    assert.ok(body.split('\n').includes(line), line)
  }
  assert.match(body, /^nodejs_eventloop_lag_p99_seconds /m)
})

test('every list of the speaker that the document names answers', async () => {
  const server = speakerServer(NOTHING, metricsRegistry(), INIT)
  const { paths } = (await server.inject('/openapi.json')).json<{ paths: object }>()
  const lists = ['segments', 'peers', 'held', 'conflicts', 'transitions'].map((name) => `/api/v1/${name}`)
  assert.deepEqual(Object.keys(paths), ['/api/v1/node', ...lists])
  for (const path of lists) assert.deepEqual((await server.inject(path)).json(), { items: [] }, path)
})

test('what a speaker tells of a transition is told in full, also what is not known', async () => {
  const transition = {
    at: '2026-01-01T00:00:00Z',
    ip: '192.0.2.1',
    interface: 'eth0',
    from: 'none',
    to: 'active',
    cause: 'takeover',
    peer: null,
    silentMs: 380,
  }
  const server = speakerServer({ ...NOTHING, transitions: () => [transition] }, metricsRegistry(), INIT)
  assert.deepEqual((await server.inject('/api/v1/transitions')).json(), { items: [transition] })
})

test('a speaker tells of its node in full, also what is not known', async () => {
  const server = speakerServer(NOTHING, metricsRegistry(), INIT)
  assert.deepEqual((await server.inject('/api/v1/node')).json(), NODE)
})
