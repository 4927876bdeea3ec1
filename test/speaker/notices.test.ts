import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { Service } from '../../src/api/index.ts'
import { ApiClient, EventRecorder, inOrder, OwnPod } from '../../src/kube/index.ts'
import { AnnouncedConditionWriter } from '../../src/speaker/announced-condition.ts'
import { NOTHING_REPORTED, type PeerReport, type Report } from '../../src/speaker/intents.ts'
import { Notices } from '../../src/speaker/notices.ts'
import { ServiceStatusWriter } from '../../src/speaker/service-status.ts'
import { type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'

const IP = '192.0.2.50'
const service: Service = { metadata: { namespace: 'default', name: 'web', uid: 'u' } }
const WEB = { key: 'default/web', service, ips: [IP], interfaces: null, isFirst: false }
const HELD: Report = {
  ...NOTHING_REPORTED,
  held: [{ ip: IP, interfaces: ['eth0'], since: '2026-01-01T00:00:00.000Z' }],
}

/** One that hears this node on eth1. */
function hearing(report: Report, node: string): Report {
  const segment = { interface: 'eth1', isUp: true, isListening: false, hasQuorum: true, disputed: [] }
  return { ...report, segments: [{ ...segment, peers: [{ node } as PeerReport] }] }
}

async function noticesOf(t: TestContext, server: FakeApiServer, node: string): Promise<Notices> {
  const log = pino({ level: 'silent' })
  const client = new ApiClient(server.credentials)
  const namespace = 'metallb-system'
  const ownPod = new OwnPod({ client, log }, { namespace, name: '' })
  const statuses = new ServiceStatusWriter({ client, log, ownPod }, { namespace, node })
  const conditions = new AnnouncedConditionWriter({ client, log, wanted: () => undefined })
  const events = new EventRecorder({ client, log }, { component: 'metallb-speaker' })
  const parts = inOrder([client, events, statuses])
  t.after(() => parts.stop())
  await parts.start()
  return new Notices({ log, events, statuses, conditions }, { node })
}

/** The only Service, by what this node does now. */
function update(notices: Notices, report: Report): void {
  assert.deepEqual(notices.take(report), notices.standing(WEB.key).length === 0 ? [IP] : [])
  notices.look(WEB)
  notices.bury((ip) => (ip === IP ? ['u'] : []))
}

function announcers(server: FakeApiServer): string {
  const nodes = server
    .all('servicel2statuses')
    .map(({ metadata }) => metadata?.labels?.['metallb.io/node'] ?? '')
  return nodes.sort().join()
}

function deletions(server: FakeApiServer): number {
  return server.requests.filter(({ method }) => method === 'DELETE').length
}

test('who takes an address over from a node that is heard nowhere deletes what that said of it', async (t) => {
  const server = await startApiServer(t)
  const [a, b] = [await noticesOf(t, server, 'a'), await noticesOf(t, server, 'b')]
  update(a, HELD)
  await server.until(() => announcers(server) === 'a')
  b.inherit(IP, 'a')
  update(b, hearing(HELD, 'a'))
  await server.until(() => announcers(server) === 'a,b')
  assert.equal(deletions(server), 0)
  update(b, HELD)
  await server.until(() => deletions(server) === 1)
})

test('who announces it all the same says so again', async (t) => {
  const server = await startApiServer(t)
  const [a, b] = [await noticesOf(t, server, 'a'), await noticesOf(t, server, 'b')]
  update(a, HELD)
  await server.until(() => announcers(server) === 'a')
  b.inherit(IP, 'a')
  update(b, HELD)
  await server.until(() => deletions(server) === 1 && announcers(server) === 'a,b')
})

test('only addresses of which something has changed are news', async (t) => {
  const notices = await noticesOf(t, await startApiServer(t), 'a')
  assert.deepEqual(notices.take(HELD), [IP])
  assert.deepEqual(notices.take({ ...HELD, held: [...HELD.held] }), [])
  const conflict = { ip: IP, interface: 'eth0', mac: '02:00:00:00:00:01', node: null, isAnnounced: true }
  assert.deepEqual(notices.take({ ...HELD, conflicts: [conflict] }), [IP])
  assert.deepEqual(notices.take({ ...HELD, conflicts: [{ ...conflict }] }), [])
  assert.deepEqual(notices.take({ ...NOTHING_REPORTED, unplaced: ['192.0.2.51'] }), [IP, '192.0.2.51'])
})

test('a Service that nobody may announce any more has no status', async (t) => {
  const server = await startApiServer(t)
  const notices = await noticesOf(t, server, 'a')
  update(notices, HELD)
  await server.until(() => announcers(server) === 'a')
  notices.forget(WEB.key)
  await server.until(() => announcers(server) === '')
  assert.deepEqual(notices.standing(WEB.key), [])
})

test('a Service that was deleted and made anew keeps no status of the one before', async (t) => {
  const server = await startApiServer(t)
  const notices = await noticesOf(t, server, 'a')
  update(notices, HELD)
  await server.until(() => announcers(server) === 'a')
  notices.look({ ...WEB, service: { metadata: { ...service.metadata, uid: 'another' } } })
  await server.until(() => deletions(server) === 1 && announcers(server) === 'a')
})
