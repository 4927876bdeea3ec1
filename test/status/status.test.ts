import assert from 'node:assert/strict'
import test from 'node:test'
import {
  apiRequestMetrics,
  eventMetrics,
  healthServer,
  metricsRegistry,
  Recent,
  speakerServer,
  type ClaimTransition,
  type NodeView,
  type PeerView,
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
  transitions: new Recent(0),
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
  for (const path of lists)
    assert.deepEqual((await server.inject(path)).json(), { items: [], total: 0 }, path)
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
  const transitions = new Recent<ClaimTransition>(1)
  transitions.add(transition)
  const server = speakerServer({ ...NOTHING, transitions }, metricsRegistry(), INIT)
  assert.deepEqual((await server.inject('/api/v1/transitions')).json(), { items: [transition], total: 1 })
})

test('a speaker tells of its node in full, also what is not known', async () => {
  const server = speakerServer(NOTHING, metricsRegistry(), INIT)
  assert.deepEqual((await server.inject('/api/v1/node')).json(), NODE)
})

/** Of all its pages, `limit` entries each. */
async function pagesOf<T>(source: SpeakerSource, path: string, limit: number): Promise<T[][]> {
  const server = speakerServer(source, metricsRegistry(), INIT)
  const pages: T[][] = []
  for (let next: string | undefined = ''; next !== undefined;) {
    const { body } = await server.inject(`/api/v1/${path}?limit=${limit}${next && `&continue=${next}`}`)
    const page = JSON.parse(body) as { items: T[]; continue?: string }
    pages.push(page.items)
    next = page.continue
  }
  return pages
}

test('a speaker with many addresses tells of each once, page by page', async () => {
  const ips = ['192.0.2.3', '192.0.2.1', '192.0.2.5', '192.0.2.4', '192.0.2.2']
  const held = ips.map((ip) => ({ ip, interfaces: [], since: '2026-01-01T00:00:00Z', services: [] }))
  const pages = await pagesOf<{ ip: string }>({ ...NOTHING, held: () => held }, 'held', 2)
  assert.deepEqual(
    pages.map((page) => page.map(({ ip }) => ip)),
    [['192.0.2.1', '192.0.2.2'], ['192.0.2.3', '192.0.2.4'], ['192.0.2.5']],
  )
})

test('a peer that is heard on two interfaces, and two starts of one node, are told apart', async () => {
  const condition = {
    isListening: false,
    isLeaving: false,
    isStale: false,
    hasQuorum: true,
    isDeaf: false,
    held: 0,
  }
  const peer = { ...condition, node: 'node-2', instance: 'a', mac: '02:00:00:00:00:02', interface: 'eth0' }
  const peers = [peer, { ...peer, interface: 'eth1' }, { ...peer, instance: 'b' }]
  const pages = await pagesOf<PeerView>({ ...NOTHING, peers: () => peers }, 'peers', 1)
  assert.deepEqual(
    pages.map(([each]) => `${each?.interface} ${each?.instance}`),
    ['eth0 a', 'eth0 b', 'eth1 a'],
  )
})

test('transitions come page by page, the newest first', async () => {
  const transitions = new Recent<ClaimTransition>(3)
  for (const silentMs of [1, 2, 3, 4])
    transitions.add({
      at: '2026-01-01T00:00:00Z',
      ip: '192.0.2.1',
      interface: 'eth0',
      from: 'none',
      to: 'active',
      cause: 'vacant',
      peer: null,
      silentMs,
    })
  const pages = await pagesOf<ClaimTransition>({ ...NOTHING, transitions }, 'transitions', 2)
  assert.deepEqual(
    pages.map((page) => page.map(({ silentMs }) => silentMs)),
    [[4, 3], [2]],
  )
})
