import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { Condition, Service } from '../../src/api/index.ts'
import { ApiClient, inOrder } from '../../src/kube/index.ts'
import { AnnouncedConditionWriter } from '../../src/speaker/announced-condition.ts'
import type { WantedCondition } from '../../src/speaker/wanted-condition.ts'
import { startApiServer } from '../kube/fake-api-server.ts'

const TYPE = 'typemetal.io/Announced'
const ANNOUNCED = { status: 'True', reason: 'Announced', message: 'node "a" announces it' } as const
const CONFLICT = { status: 'False', reason: 'AddressConflict', message: 'somebody has it' } as const
const LONG_AGO = '2026-01-01T00:00:00Z'

const shown = (finding: typeof ANNOUNCED | typeof CONFLICT): Condition => ({
  type: TYPE,
  ...finding,
  lastTransitionTime: LONG_AGO,
})

/** What is sent for a Service with these conditions of which this is wanted; the server notes it and agrees. */
async function sent(
  t: TestContext,
  conditions: readonly Condition[],
  condition: WantedCondition,
): Promise<readonly { query: string; body: unknown }[]> {
  const server = await startApiServer(t)
  server.fault = (_, response) => {
    response.writeHead(200).end('{}')
    return true
  }
  const log = pino({ level: 'silent' })
  const client = new ApiClient(server.credentials)
  const service: Service = {
    metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '7' },
    status: { conditions: [...conditions] },
  }
  const writer = new AnnouncedConditionWriter({ client, log, wanted: () => ({ service, condition }) })
  const program = inOrder([client, writer])
  await program.start()
  writer.look('default/web')
  await program.stop()
  return server.requests.map(({ query, body }) => ({ query: String(query), body }))
}

const timeIn = (body: unknown): string | undefined =>
  (body as Service | undefined)?.status?.conditions?.[0]?.lastTransitionTime

const bodyWith = (conditions: readonly object[]): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '7' },
  status: { conditions },
})

const QUERY = 'fieldManager=typemetal-speaker&force=true'

test('a condition is applied by one field manager, to the Service as it was read', async (t) => {
  const [request, ...others] = await sent(t, [], ANNOUNCED)
  const time = timeIn(request?.body)
  assert.match(time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.deepEqual(request, {
    query: QUERY,
    body: bodyWith([{ type: TYPE, ...ANNOUNCED, lastTransitionTime: time }]),
  })
  assert.deepEqual(others, [])
})

test('its time stays as long as its status does', async (t) => {
  const [same] = await sent(t, [shown(ANNOUNCED)], { ...ANNOUNCED, message: 'node "b" announces it' })
  assert.equal(timeIn(same?.body), LONG_AGO)
  const [other] = await sent(t, [shown(CONFLICT)], ANNOUNCED)
  assert.notEqual(timeIn(other?.body), LONG_AGO)
})

test('what is said already is not written, nor what this node has no say in', async (t) => {
  assert.deepEqual(await sent(t, [shown(ANNOUNCED)], ANNOUNCED), [])
  assert.deepEqual(await sent(t, [shown(ANNOUNCED)], 'asItIs'), [])
  assert.deepEqual(await sent(t, [], 'absent'), [])
})

test('a condition is taken away by an apply without it', async (t) => {
  assert.deepEqual(await sent(t, [shown(CONFLICT)], 'absent'), [{ query: QUERY, body: bodyWith([]) }])
})

test('one that should go if it stays is taken away after a while, unless it has changed', async (t) => {
  const server = await startApiServer(t)
  const written = new Promise<void>((resolve) => {
    server.fault = (_, response) => {
      response.writeHead(200).end('{}')
      resolve()
      return true
    }
  })
  const log = pino({ level: 'silent' })
  const client = new ApiClient(server.credentials)
  const metadata = { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '7' }
  const seen: Condition[] = []
  const wanted = () => {
    const condition = seen.length === 0 ? shown(ANNOUNCED) : shown(CONFLICT)
    seen.push(condition)
    const service: Service = { metadata, status: { conditions: [condition] } }
    return { service, condition: 'absentIfItStays' } as const
  }
  const writer = new AnnouncedConditionWriter({ client, log, wanted, staysMs: 5 })
  const program = inOrder([client, writer])
  await program.start()
  writer.look('default/web')
  await written
  await program.stop()
  assert.ok(seen.length >= 3) // the first, another text after a while, and that a while later
  assert.deepEqual(server.requests[0]?.body, bodyWith([]))
})

test('that something has just changed is known until it has been said', async (t) => {
  const server = await startApiServer(t)
  const told: boolean[] = []
  let onTold = (): void => undefined
  const done = new Promise<void>((resolve) => (onTold = resolve))
  server.fault = (_, response) => {
    response.writeHead(told.length === 1 ? 409 : 200).end('{}')
    return true
  }
  const log = pino({ level: 'silent' })
  const client = new ApiClient(server.credentials)
  const service: Service = { metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '7' } }
  const wanted = (_: string, isNews: boolean) => {
    told.push(isNews)
    if (told.length === 2) writer.look('default/web')
    if (told.length === 3) onTold()
    return { service, condition: ANNOUNCED }
  }
  const writer = new AnnouncedConditionWriter({ client, log, wanted })
  const program = inOrder([client, writer])
  await program.start()
  writer.tell('default/web')
  await done
  await program.stop()
  assert.deepEqual(told, [true, true, false])
})
