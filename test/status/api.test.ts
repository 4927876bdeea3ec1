import assert from 'node:assert/strict'
import test from 'node:test'
import type { FastifyInstance } from 'fastify'
import { metricsRegistry, type ServiceDetail, controllerServer } from '../../src/status/index.ts'
import { PENDING, sourceOf } from './source.ts'

function serverOf(source = sourceOf(), defects: Error[] = []): FastifyInstance {
  return controllerServer(source, metricsRegistry(), {
    access: { kind: 'loopback' },
    page: '',
    onDefect: (error) => defects.push(error),
  })
}

function many(count: number): Map<string, ServiceDetail> {
  const names = Array.from({ length: count }, (_, index) => `s${String(index).padStart(4, '0')}`)
  return new Map(names.map((name) => [`a/${name}`, { ...PENDING, name }]))
}

test('every route that the document lists answers, and no answer has a property that the document lacks', async () => {
  const server = serverOf()
  const document = (await server.inject('/openapi.json')).json<{
    openapi: string
    paths: Record<string, object>
  }>()
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(Object.keys(document.paths), [
    '/api/v1/pools',
    '/api/v1/pools/{name}',
    '/api/v1/pools/{name}/addresses',
    '/api/v1/services',
    '/api/v1/services/{namespace}/{name}',
    '/api/v1/speakers',
    '/api/v1/transitions',
    '/api/v1/events',
  ])
  const real: Record<string, string> = {
    '/api/v1/services/{namespace}/{name}': '/api/v1/services/a/b',
    '/api/v1/pools/{name}': '/api/v1/pools/lan',
    '/api/v1/pools/{name}/addresses': '/api/v1/pools/lan/addresses',
  }
  for (const path of Object.keys(document.paths).filter((each) => each !== '/api/v1/events')) {
    assert.equal((await server.inject(real[path] ?? path)).statusCode, 200, path)
  }
})

test('counts beyond 2^53 are shown exactly', async () => {
  const { items } = (await serverOf().inject('/api/v1/pools')).json<{ items: { availableIPv6: string }[] }>()
  assert.equal(items[0]?.availableIPv6, '9223372036854775807')
})

test('a Service that is pending says why, in the list by word and sentence, in detail in full', async () => {
  const list = (await serverOf().inject('/api/v1/services')).json<{ items: ServiceDetail[] }>()
  assert.equal(list.items[0]?.reason, 'NoPool')
  assert.deepEqual((await serverOf().inject('/api/v1/services/a/b')).json(), PENDING)
})

test('pages follow each other without a gap, also when an entry between them goes', async () => {
  const services = many(5)
  const server = serverOf(sourceOf(services))
  type Page = { items: { name: string }[]; total: number; continue?: string }
  const first = (await server.inject('/api/v1/services?limit=2')).json<Page>()
  assert.deepEqual([first.items.map(({ name }) => name), first.total], [['s0000', 's0001'], 5])
  services.delete('a/s0001')
  const second = (await server.inject(`/api/v1/services?limit=2&continue=${first.continue}`)).json<Page>()
  assert.deepEqual(
    second.items.map(({ name }) => name),
    ['s0002', 's0003'],
  )
  const third = (await server.inject(`/api/v1/services?limit=2&continue=${second.continue}`)).json<Page>()
  assert.deepEqual([third.items.map(({ name }) => name), third.continue], [['s0004'], undefined])
})

test('filters select', async () => {
  const server = serverOf(sourceOf(many(3)))
  assert.equal((await server.inject('/api/v1/services?namespace=b')).json<{ total: number }>().total, 0)
  assert.equal((await server.inject('/api/v1/services?state=Pending')).json<{ total: number }>().total, 3)
})

test('what goes wrong is problem+json with a reason, and never a stack', async () => {
  const defects: Error[] = []
  const source = sourceOf()
  const server = serverOf(source, defects)
  const ask = async (method: 'GET' | 'POST', url: string): Promise<string> => {
    const answer = await server.inject({ method, url })
    assert.match(answer.headers['content-type'] as string, /^application\/problem\+json/)
    const { status, reason, detail } = answer.json<{ status: number; reason: string; detail: string }>()
    assert.equal(status, answer.statusCode)
    assert.doesNotMatch(answer.body, /\.ts|node_modules/)
    return `${status} ${reason}: ${detail}`
  }
  assert.match(await ask('GET', '/api/v1/services/a/x'), /^404 NotFound: there is no Service a\/x/)
  assert.match(await ask('GET', '/api/v1/pools/x'), /^404 NotFound: there is no IPAddressPool "x"/)
  assert.match(await ask('GET', '/api/v1/pools/x/addresses'), /^404 NotFound/)
  assert.match(await ask('GET', '/api/v2'), /^404 NotFound: there is nothing at \/api\/v2/)
  assert.match(await ask('GET', '/api/v1/services?limit=0'), /^400 InvalidParameter: .*limit/)
  assert.match(await ask('GET', '/api/v1/services?state=Odd'), /^400 InvalidParameter: .*state/)
  assert.match(await ask('GET', '/api/v1/services?nmaespace=a'), /^400 InvalidParameter: /)
  assert.match(await ask('GET', '/api/v1/services?continue=x'), /^400 InvalidParameter: continue/)
  assert.match(await ask('POST', '/api/v1/services'), /^405 MethodNotAllowed/)
  assert.match(await ask('GET', '/%'), /^4/)
  source.services.detail = async () => {
    throw new Error('secret at /src/x.ts')
  }
  assert.match(await ask('GET', '/api/v1/services/a/b'), /^500 Internal/)
  assert.deepEqual(
    defects.map(({ message }) => message),
    ['secret at /src/x.ts'],
  )
  source.notReady = () => 'not yet'
  assert.match(await ask('GET', '/api/v1/pools'), /^503 NotReady: not yet/)
})

test('who asks for too much at once is told to come back', async (t) => {
  let now = performance.now()
  t.mock.method(performance, 'now', () => now)
  const source = sourceOf()
  const server = serverOf(source)
  source.pools.keys = () => {
    now += 400 // as a page that is costly to make
    return ['lan']
  }
  const codes: number[] = []
  for (let round = 0; round < 5; round++) codes.push((await server.inject('/api/v1/pools')).statusCode)
  assert.deepEqual([codes[0], codes.at(-1)], [200, 503])
})
