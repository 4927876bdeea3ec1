import assert from 'node:assert/strict'
import test from 'node:test'
import {
  apiRequestMetrics,
  eventMetrics,
  healthServer,
  metricsRegistry,
  statusServer,
} from '../../src/status/index.ts'

const source = {
  pools: () => [
    {
      name: 'lan',
      addresses: ['fd00::/64'],
      autoAssign: true,
      state: 'Accepted' as const,
      assignedIPv4: '0',
      assignedIPv6: '1',
      availableIPv4: '0',
      availableIPv6: '9223372036854775807',
    },
  ],
  services: () => [
    {
      namespace: 'a',
      name: 'b',
      state: 'Pending' as const,
      ips: [],
      announcedBy: [],
      reason: 'NoPool',
      message: 'why',
    },
    {
      namespace: 'a',
      name: 'c',
      state: 'Assigned' as const,
      ips: ['192.0.2.50'],
      announcedBy: [],
      announcement: { status: 'False', reason: 'AddressConflict', message: 'why not' },
    },
  ],
}

test('/ lists the routes, and each of them answers', async () => {
  const server = statusServer(source, metricsRegistry())
  const { routes } = (await server.inject('/')).json<{ routes: string[] }>()
  assert.deepEqual(routes, ['/', '/metrics', '/api/v1/pools', '/api/v1/services'])
  for (const route of routes) assert.equal((await server.inject(route)).statusCode, 200)
})

test('counts beyond 2^53 are shown exactly', async () => {
  const { items } = (await statusServer(source, metricsRegistry()).inject('/api/v1/pools')).json<{
    items: { availableIPv6: string }[]
  }>()
  assert.equal(items[0]?.availableIPv6, '9223372036854775807')
})

test('a Service that is pending, or not announced, says why', async () => {
  const answer = await statusServer(source, metricsRegistry()).inject('/api/v1/services')
  assert.deepEqual(answer.json(), { items: source.services() })
})

test('health says what is wrong, with 503, and ok otherwise', async () => {
  let problem: string | undefined = 'waiting for the API server'
  const server = healthServer({ notAlive: () => undefined, notReady: () => problem })
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
  const { body } = await statusServer(source, registry).inject('/metrics')
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
