import assert from 'node:assert/strict'
import test from 'node:test'
import {
  apiRequestMetrics,
  eventMetrics,
  healthServer,
  metricsRegistry,
  metricsServer,
} from '../../src/status/index.ts'

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
  const { body } = await metricsServer(registry, {
    access: { kind: 'loopback' },
    onDefect: assert.ifError,
  }).inject('/metrics')
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

test('/ of the speaker lists the routes, and each of them answers', async () => {
  const server = metricsServer(metricsRegistry(), { access: { kind: 'loopback' }, onDefect: assert.ifError })
  const { routes } = (await server.inject('/')).json<{ routes: string[] }>()
  assert.deepEqual(routes, ['/', '/metrics'])
  for (const route of routes) assert.equal((await server.inject(route)).statusCode, 200)
})
