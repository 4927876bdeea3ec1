import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { KubeEvent, KubeObject } from '../../src/api/index.ts'
import { ApiClient } from '../../src/kube/client.ts'
import { EventRecorder, type Occurrence } from '../../src/kube/event-recorder.ts'
import { failWith, type FakeApiServer, startApiServer } from './fake-api-server.ts'

const WEB: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'web', uid: 'u1', resourceVersion: '7' },
}
const ALLOCATED: Occurrence = { object: WEB, type: 'Normal', reason: 'IPAllocated', message: 'Assigned IP' }

async function setUp(
  t: TestContext,
  queueLimit = 1000,
): Promise<{ server: FakeApiServer; events: EventRecorder }> {
  const server = await startApiServer(t)
  const client = new ApiClient(server.credentials)
  const log = pino({ level: 'silent' })
  const events = new EventRecorder(
    { client, log },
    { component: 'metallb-speaker', host: 'node-1', queueLimit },
  )
  events.start()
  t.after(async () => {
    await events.stop()
    client.stop()
  })
  return { server, events }
}

/** The events that the server has, once there are so many. */
async function told(server: FakeApiServer, count: number): Promise<KubeEvent[]> {
  await server.until(() => server.all('events').length === count)
  return server.all('events') as KubeEvent[]
}

test('an event stands in the namespace of its object and says who tells it', async (t) => {
  const { server, events } = await setUp(t)
  events.record(ALLOCATED)
  const [{ metadata, ...event }] = (await told(server, 1)) as [KubeEvent]
  assert.equal(server.requests[0]?.path, '/api/v1/namespaces/shop/events')
  assert.match(metadata.name ?? '', /^web\.[0-9a-f]{16}$/)
  assert.equal(event.firstTimestamp, event.lastTimestamp)
  assert.match(String(event.firstTimestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  delete event.firstTimestamp
  delete event.lastTimestamp
  assert.deepEqual(event, {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Service',
      namespace: 'shop',
      name: 'web',
      uid: 'u1',
      resourceVersion: '7',
    },
    source: { component: 'metallb-speaker', host: 'node-1' },
    reportingComponent: 'metallb-speaker',
    type: 'Normal',
    reason: 'IPAllocated',
    message: 'Assigned IP',
    count: 1,
  })
})

test('an event of an object without namespace stands in default', async (t) => {
  const { server, events } = await setUp(t)
  events.record({ ...ALLOCATED, object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } } })
  const [event] = await told(server, 1)
  assert.equal(event?.metadata.namespace, 'default')
  assert.equal(event?.involvedObject.namespace, undefined)
})

test('a repetition raises the count; another message is another event', async (t) => {
  const { server, events } = await setUp(t)
  for (const message of ['one', 'one', 'two']) {
    events.record({ ...ALLOCATED, message })
    const requests = server.requests.length + 1
    await server.until(() => server.requests.length === requests)
  }
  assert.deepEqual(
    (await told(server, 2)).map(({ message, count }) => [message, count]),
    [
      ['one', 2],
      ['two', 1],
    ],
  )
})

test('a loop that tells the same again and again costs a dozen requests', async (t) => {
  const { server, events } = await setUp(t)
  const other = { ...ALLOCATED, message: 'the last' }
  for (let time = 0; time < 200; time++) {
    events.record(ALLOCATED)
    if (time % 10 === 0) await new Promise(setImmediate)
  }
  events.record(other)
  await told(server, 2)
  assert.ok(server.requests.length <= 12, `${server.requests.length} requests`)
})

test('an event that the server has forgotten is told anew', async (t) => {
  const { server, events } = await setUp(t)
  events.record(ALLOCATED)
  const [first] = await told(server, 1)
  server.remove('events', 'shop', first?.metadata.name ?? '')
  events.record(ALLOCATED)
  const [second] = await told(server, 1)
  assert.notEqual(second?.metadata.name, first?.metadata.name)
})

test('an event that the server refuses is lost, the next one is told', async (t) => {
  const { server, events } = await setUp(t)
  server.fault = (_, response) => {
    if (server.requests.length > 1) return false
    failWith(response, 403, 'Forbidden') // the namespace is being deleted
    return true
  }
  events.record(ALLOCATED)
  events.record({ ...ALLOCATED, message: 'next' })
  const [event] = await told(server, 1)
  assert.equal(event?.message, 'next')
})

test('what could not be told is told when the server is back, and not twice when it had arrived', async (t) => {
  const { server, events } = await setUp(t)
  server.fault = (_, response) => {
    if (server.requests.length === 1)
      response.destroy() // gone before it was answered
    else if (server.requests.length === 2) failWith(response, 503, 'ServiceUnavailable')
    else if (server.requests.length === 3) failWith(response, 409, 'AlreadyExists')
    else return false
    return true
  }
  events.record(ALLOCATED)
  await server.until(() => server.requests.length === 3)
  const names = server.requests.map(({ body }) => (body as KubeEvent).metadata.name)
  assert.equal(new Set(names).size, 1)
  events.record({ ...ALLOCATED, message: 'next' })
  const [event] = await told(server, 1)
  assert.equal(event?.message, 'next')
})

test('more than fit in the queue push the oldest out', async (t) => {
  const { server, events } = await setUp(t, 100)
  for (let number = 0; number < 150; number++) events.record({ ...ALLOCATED, message: String(number) })
  const [first, second] = await told(server, 101) // the first was on its way already
  assert.deepEqual([first?.message, second?.message], ['0', '50'])
})

test('a stop tells what waits, but does not wait for a server that says nothing', async (t) => {
  const { server, events } = await setUp(t)
  events.record(ALLOCATED)
  await events.stop()
  assert.equal(server.all('events').length, 1)
  events.record({ ...ALLOCATED, message: 'after the stop' })
  assert.equal(server.all('events').length, 1)

  const deaf = await setUp(t)
  deaf.server.fault = () => true
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const message of ['one', 'two', 'three']) deaf.events.record({ ...ALLOCATED, message })
  await deaf.server.until(() => deaf.server.requests.length === 1)
  const stopping = deaf.events.stop()
  t.mock.timers.tick(2000)
  await stopping
  assert.equal(deaf.server.requests.length, 1)
})
