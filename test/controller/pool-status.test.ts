import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { PoolReport } from '../../src/allocator/index.ts'
import type { IPAddressPool } from '../../src/api/index.ts'
import { PoolStatusWriter } from '../../src/controller/pool-status.ts'
import { ApiClient, IP_ADDRESS_POOLS, Reflector, Term } from '../../src/kube/index.ts'
import { type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'

const NAMESPACE = 'metallb-system'
const log = pino({ level: 'silent' })

interface Setup {
  server: FakeApiServer
  writer: PoolStatusWriter
  reports: Map<string, PoolReport>
  /** The statuses that were sent, oldest first. */
  sent: () => Record<string, unknown>[]
  shown: () => Record<string, unknown> | undefined
  term: Term
}

function report(inUse: number): PoolReport {
  const none = { total: 0n, inUse: 0n, available: 0n }
  return {
    usage: { IPv4: { total: 50n, inUse: BigInt(inUse), available: BigInt(50 - inUse) }, IPv6: none },
    conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the pool is in use' }],
  }
}

async function setUp(t: TestContext): Promise<Setup> {
  const server = await startApiServer(t)
  const client = new ApiClient(server.credentials)
  const reports = new Map([['lan', report(0)]])
  const pools = new Reflector<IPAddressPool>(
    { client, log },
    { resource: IP_ADDRESS_POOLS, namespace: NAMESPACE, onChange: (_, pool) => pool && writer.seen(pool) },
  )
  const term = new Term(() => 0, Infinity)
  const writer = new PoolStatusWriter(
    { client, log, term },
    { namespace: NAMESPACE, pools: () => pools.objects, reports: () => reports },
  )
  addPool(server)
  pools.start()
  await pools.synced
  t.after(async () => {
    await writer.stop()
    await pools.stop()
    client.stop()
  })
  const sent = (): Record<string, unknown>[] =>
    server.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => (body as { status: Record<string, unknown> }).status)
  const shown = (): Record<string, unknown> | undefined =>
    (server.get('ipaddresspools', NAMESPACE, 'lan') as { status?: Record<string, unknown> } | undefined)
      ?.status
  return { server, writer, reports, sent, shown, term }
}

function setStatus(server: FakeApiServer, status: object | undefined): void {
  const pool = { metadata: { namespace: NAMESPACE, name: 'lan' }, status }
  server.set('ipaddresspools', pool)
}

function addPool(server: FakeApiServer): void {
  server.set('ipaddresspools', { metadata: { namespace: NAMESPACE, name: 'lan' } })
}

test('a pool’s counts and conditions are written, and not again while they are the same', async (t) => {
  const { server, writer, sent, shown, reports } = await setUp(t)
  writer.start()
  writer.changed()
  await server.until(() => shown()?.assignedIPv4 === 0)
  writer.changed()
  reports.set('lan', report(1))
  writer.changed()
  await server.until(() => shown()?.assignedIPv4 === 1)
  assert.deepEqual(
    sent().map(({ assignedIPv4, availableIPv4 }) => [assignedIPv4, availableIPv4]),
    [
      [0, 50],
      [1, 49],
    ],
  )
})

test('what the pool shows already is not written by whoever takes over', async (t) => {
  const first = await setUp(t)
  first.writer.start()
  first.writer.changed()
  await first.server.until(() => first.shown() !== undefined)
  const second = await setUp(t)
  setStatus(second.server, first.shown())
  await second.server.until(() => second.server.watches > 0)
  second.writer.start()
  second.writer.changed()
  second.reports.set('lan', report(2))
  second.writer.changed()
  await second.server.until(() => second.shown()?.assignedIPv4 === 2)
  assert.equal(second.sent().length, 1)
})

test('what somebody overwrites, and a pool made anew, are put right', async (t) => {
  const { server, writer, shown } = await setUp(t)
  writer.start()
  writer.changed()
  await server.until(() => shown() !== undefined)
  setStatus(server, { ...shown(), assignedIPv4: 7 })
  await server.until(() => shown()?.assignedIPv4 === 0)
  server.remove('ipaddresspools', NAMESPACE, 'lan')
  addPool(server)
  await server.until(() => shown()?.assignedIPv4 === 0)
})

test('after the end of the term nothing is written', async (t) => {
  const { server, writer, sent, term } = await setUp(t)
  writer.start()
  term.end()
  writer.changed()
  await server.until(() => true)
  await writer.stop()
  assert.deepEqual(sent(), [])
})
