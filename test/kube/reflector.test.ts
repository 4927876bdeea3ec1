import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import type { Service } from '../../src/api/index.ts'
import { ApiClient } from '../../src/kube/client.ts'
import { SERVICES } from '../../src/kube/collections.ts'
import { Reflector, type ReflectorInit } from '../../src/kube/reflector.ts'
import { eventLine, failWith, type FakeApiServer, startApiServer } from './fake-api-server.ts'

const BACKOFF = { firstMs: 4, longestMs: 20 }

interface Setup {
  server: FakeApiServer
  client: ApiClient
  reflector: Reflector<Service>
  /** What `onChange` was told, as `+key`, `~key`, `-key`. */
  changes: string[]
  /** Log lines at or above `warn`, and `info`. */
  logs: { level: number; msg: string }[]
  /** Resolves when a change makes `condition` true. */
  changed: (condition: () => boolean) => Promise<void>
  /** Resolves when so many waiting times have been drawn. */
  waited: (times: number) => Promise<void>
}

/** A reflector of the Services that are in the server at the beginning: the names in `services`. */
async function setUp(
  t: TestContext,
  services: string[],
  init: Partial<ReflectorInit<Service>> = {},
): Promise<Setup> {
  const server = await startApiServer(t)
  for (const name of services) add(server, name)
  const logs: Setup['logs'] = []
  const log = pino(
    { level: 'info' },
    { write: (line: string) => logs.push(JSON.parse(line) as Setup['logs'][0]) },
  )
  const client = new ApiClient(server.credentials)
  const changes: string[] = []
  let waits = 0
  let waiting: (() => void)[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const resolve of woken) resolve()
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const random = (): number => {
    waits++
    wake()
    return 0.5
  }
  const reflector = new Reflector<Service>(
    { client, log, random },
    {
      resource: SERVICES,
      backoff: BACKOFF,
      ...init,
      onChange: (key, now, before) => {
        changes.push(`${now === undefined ? '-' : before === undefined ? '+' : '~'}${key}`)
        init.onChange?.(key, now, before)
        wake()
      },
    },
  )
  t.after(async () => {
    await reflector.stop()
    client.stop()
  })
  const waited = (times: number) => until(() => waits >= times)
  return { server, client, reflector, changes, logs, changed: until, waited }
}

function add(server: FakeApiServer, name: string, labels: Record<string, string> = {}): void {
  server.set('services', { metadata: { namespace: 'default', name, labels } })
}

function remove(server: FakeApiServer, name: string): void {
  server.remove('services', 'default', name)
}

function names({ objects }: Reflector<Service>): string[] {
  return [...objects.keys()].map((key) => key.replace('default/', '')).sort()
}

/** Time for what is under way on the loopback, while the timers stand still. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}

const lists = ({ requests }: FakeApiServer): number =>
  requests.filter(({ query }) => !query.has('watch')).length
const watched = ({ requests }: FakeApiServer): number =>
  requests.filter(({ query }) => query.has('watch')).length

test('what is there is listed, what changes is watched', async (t) => {
  const { server, reflector, changes, changed } = await setUp(t, ['a', 'b'])
  reflector.start()
  await reflector.synced
  assert.deepEqual(names(reflector), ['a', 'b'])
  await server.until(() => server.watches === 1)
  add(server, 'c')
  add(server, 'a', { changed: 'yes' })
  remove(server, 'b')
  await changed(() => changes.length === 5)
  assert.deepEqual(changes, ['+default/a', '+default/b', '+default/c', '~default/a', '-default/b'])
  assert.equal(reflector.objects.get('default/a')?.metadata?.labels?.changed, 'yes')
  assert.equal(lists(server), 1)
})

test('a list comes in pages and is complete before anything is told to be synced', async (t) => {
  const many = Array.from({ length: 25 }, (_, index) => `s${String(index).padStart(2, '0')}`)
  const { server, reflector } = await setUp(t, many, { pageSize: 10 })
  reflector.start()
  await reflector.synced
  assert.deepEqual(names(reflector), many)
  assert.deepEqual(
    server.requests.slice(0, 3).map(({ query }) => query.get('limit')),
    ['10', '10', '10'],
  )
})

test('10,000 objects in pages of 500 are 20 lists over one connection', async (t) => {
  const { server, reflector, changes } = await setUp(
    t,
    Array.from({ length: 10_000 }, (_, index) => `s${index}`),
  )
  reflector.start()
  await reflector.synced
  await server.until(() => server.watches === 1)
  assert.equal(reflector.objects.size, 10_000)
  assert.equal(changes.length, 10_000)
  assert.equal(lists(server), 20)
  assert.equal(server.connections, 1)
})

test('a list whose next page has expired is begun anew', async (t) => {
  const { server, reflector } = await setUp(t, ['a', 'b', 'c'], { pageSize: 2 })
  let expired = false
  server.fault = ({ query }, response) => {
    if (expired || !query.has('continue')) return false
    expired = true
    remove(server, 'a')
    failWith(response, 410, 'Expired')
    return true
  }
  reflector.start()
  await reflector.synced
  assert.deepEqual(names(reflector), ['b', 'c'])
})

test('managedFields are dropped and kinds filled in, from lists and watches alike', async (t) => {
  const { server, reflector, changed } = await setUp(t, [])
  const managed = (name: string) => ({
    metadata: { namespace: 'default', name, managedFields: [{ manager: 'kubectl' }] },
  })
  server.set('services', managed('listed'))
  reflector.start()
  await server.until(() => server.watches === 1)
  server.set('services', managed('watched'))
  await changed(() => reflector.objects.size === 2)
  for (const { apiVersion, kind, metadata } of reflector.objects.values()) {
    assert.deepEqual([apiVersion, kind, metadata?.managedFields], ['v1', 'Service', undefined])
  }
})

test('scope and selectors go with every request', async (t) => {
  const { server, reflector } = await setUp(t, [], {
    namespace: 'team a',
    labelSelector: 'app in (x,y)',
    fieldSelector: 'spec.nodeName=n1',
  })
  reflector.start()
  await server.until(() => server.watches === 1)
  for (const { path, query } of server.requests) {
    assert.equal(path, '/api/v1/namespaces/team%20a/services')
    assert.equal(query.get('labelSelector'), 'app in (x,y)')
    assert.equal(query.get('fieldSelector'), 'spec.nodeName=n1')
  }
})

test('a watch asks for bookmarks and for an end after 290 s to 319 s', async (t) => {
  const { server, reflector } = await setUp(t, [])
  reflector.start()
  await server.until(() => server.watches === 1)
  const { query } = server.requests.at(-1)!
  assert.equal(query.get('allowWatchBookmarks'), 'true')
  const seconds = Number(query.get('timeoutSeconds'))
  assert.ok(seconds >= 290 && seconds <= 319, `${seconds}`)
})

test('a watch that the server ends goes on from the last event or bookmark', async (t) => {
  const { server, reflector, changes, changed } = await setUp(t, ['a'])
  reflector.start()
  await server.until(() => server.watches === 1)
  add(server, 'b')
  await changed(() => changes.length === 2)
  server.sayToWatches(eventLine('BOOKMARK', { metadata: { resourceVersion: '77' } }))
  server.endWatches()
  await server.until(() => watched(server) === 2)
  assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '77')
  assert.equal(lists(server), 1)
  assert.equal(reflector.connected, true)
})

for (const [fault, break_] of [
  ['is reset', (server) => server.cutConnections()],
  [
    'ends in the middle of a line',
    (server) => (server.sayToWatches('{"type":"ADDED","obj'), server.endWatches()),
  ],
  ['brings garbage', (server) => server.sayToWatches('<html>bad gateway</html>\n')],
  ['brings an event without object', (server) => server.sayToWatches('{"type":"ADDED","object":null}\n')],
  [
    'brings an ERROR',
    (server) =>
      server.sayToWatches(eventLine('ERROR', { code: 500, reason: 'InternalError', message: 'etcd' })),
  ],
] as [string, (server: FakeApiServer) => void][]) {
  test(`a watch that ${fault} is resumed and misses nothing`, async (t) => {
    const { server, reflector, changed } = await setUp(t, ['a'])
    reflector.start()
    await server.until(() => server.watches === 1)
    break_(server)
    add(server, 'b')
    await changed(() => reflector.objects.size === 2)
    assert.equal(lists(server), 1)
  })
}

test('a watch on which nothing comes for the idle limit is given up and resumed', async (t) => {
  const { server, reflector, changed } = await setUp(t, ['a'], { idleLimitMs: 30 })
  const closed = new Set<unknown>()
  server.fault = ({ query }, response) => {
    if (!query.has('watch') || closed.size > 0) return false
    // A half-open connection: it looks well to us, and nobody is there.
    response.writeHead(200).flushHeaders()
    response.on('close', () => closed.add(response))
    return true
  }
  reflector.start()
  await server.until(() => closed.size === 1)
  add(server, 'b')
  await changed(() => reflector.objects.size === 2)
  assert.equal(lists(server), 1)
})

for (const [where, refuse] of [
  ['over HTTP', undefined],
  [
    'in the stream',
    eventLine('ERROR', { code: 410, reason: 'Expired', message: 'too old resource version' }),
  ],
] as [string, string | undefined][]) {
  test(`410 ${where} leads to a new list, which finds what was added, changed and deleted meanwhile`, async (t) => {
    const { server, reflector, changes, changed } = await setUp(t, ['kept', 'changed', 'deleted'])
    reflector.start()
    await server.until(() => server.watches === 1)
    changes.length = 0
    let told = false
    server.fault = ({ query }, response) => {
      if (told || !query.has('watch')) return false
      told = true
      add(server, 'changed', { now: 'yes' })
      add(server, 'new')
      remove(server, 'deleted')
      server.compact()
      if (refuse === undefined) return false
      response.writeHead(200).write(refuse)
      return true
    }
    server.endWatches()
    await changed(() => changes.length === 3)
    assert.deepEqual(changes, ['-default/deleted', '~default/changed', '+default/new'])
    assert.deepEqual(names(reflector), ['changed', 'kept', 'new'])
    assert.equal(lists(server), 2)
  })
}

test('an object that was deleted and made anew under its name shows both generations', async (t) => {
  const seen: (string | undefined)[] = []
  const { server, reflector, changed } = await setUp(t, ['a'], {
    onChange: (_, now, before) => seen.push(before?.metadata?.uid, now?.metadata?.uid),
  })
  reflector.start()
  await server.until(() => server.watches === 1)
  let once = true
  server.fault = ({ query }) => {
    if (!once || !query.has('watch')) return false
    once = false
    remove(server, 'a')
    add(server, 'a')
    server.compact()
    return false
  }
  server.endWatches()
  await changed(() => seen.length === 4)
  assert.deepEqual(seen, [undefined, 'uid-1', 'uid-1', 'uid-2'])
})

test('410 again and again does not make a tight loop of lists', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const hour = 3_600_000
  const { server, reflector } = await setUp(t, ['a'], { backoff: { firstMs: hour, longestMs: hour } })
  server.fault = ({ query }, response) => {
    if (query.has('watch')) failWith(response, 410, 'Expired')
    return query.has('watch')
  }
  reflector.start()
  await server.until(() => watched(server) === 1)
  await turns()
  assert.equal(lists(server), 1)
  t.mock.timers.tick(hour)
  await server.until(() => lists(server) === 2)
})

test('a version that the server cannot use any more is given up after a few failures', async (t) => {
  const { server, reflector } = await setUp(t, ['a'])
  reflector.start()
  await server.until(() => server.watches === 1)
  server.fault = ({ query }, response) => {
    if (!query.has('watch') || lists(server) > 1) return false
    failWith(response, 504, 'Timeout') // "Too large resource version": etcd was restored from a backup
    return true
  }
  server.endWatches()
  await server.until(() => lists(server) === 2 && server.watches === 1)
})

for (const status of [401, 403, 429, 500, 503]) {
  test(`answers of ${status} are waited out`, async (t) => {
    const { server, reflector } = await setUp(t, ['a'])
    let left = 8
    server.fault = (_, response) => {
      if (left-- <= 0) return false
      failWith(response, status, 'Whatever', status === 429 ? { 'retry-after': '0' } : {})
      return true
    }
    reflector.start()
    await server.until(() => left <= 0)
    await reflector.synced
    assert.deepEqual(names(reflector), ['a'])
  })
}

test('a server that is away at the start is waited for, said once, and nothing is synced meanwhile', async (t) => {
  const { server, reflector, logs, waited } = await setUp(t, ['a'])
  await server.stop()
  reflector.start()
  await waited(5)
  assert.equal(reflector.hasSynced, false)
  assert.equal(reflector.connected, false)
  assert.equal(reflector.silentMs, Infinity)
  assert.equal(logs.length, 1)
  assert.match(logs[0]?.msg ?? '', /does not answer/)
  await server.start()
  await reflector.synced
  assert.deepEqual(names(reflector), ['a'])
  assert.equal(logs.length, 2)
})

test('during an outage the copy stays; after it the watch goes on where it was, without a new list', async (t) => {
  const contacts: boolean[] = []
  const { server, reflector, changes, changed } = await setUp(t, ['a', 'b'], {
    onContact: (connected) => contacts.push(connected),
  })
  reflector.start()
  await server.until(() => server.watches === 1)
  await server.stop()
  remove(server, 'a')
  add(server, 'c')
  assert.deepEqual(names(reflector), ['a', 'b'])
  await server.start()
  await changed(() => changes.length === 4)
  assert.deepEqual(names(reflector), ['b', 'c'])
  assert.equal(lists(server), 1)
  assert.deepEqual(contacts, [true, false, true])
})

test('a server that asks to come back later is asked then, however long it was away before', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const hour = 3_600_000
  const { server, reflector } = await setUp(t, ['a'], { backoff: { firstMs: 1000, longestMs: hour } })
  reflector.start()
  await server.until(() => server.watches === 1)
  server.fault = (_, response) => (failWith(response, 500, 'Starting'), true)
  server.endWatches()
  for (let failure = 0; failure < 3; failure++) {
    await turns()
    t.mock.timers.tick(hour)
  }
  await turns()
  const before = server.requests.length
  server.fault = (_, response) => (failWith(response, 429, 'Starting', { 'retry-after': '1' }), true)
  t.mock.timers.tick(hour)
  await server.until(() => server.requests.length === before + 1)
  await turns()
  t.mock.timers.tick(1000)
  await server.until(() => server.requests.length === before + 2)
})

test('a restarted server without history costs one list', async (t) => {
  const { server, reflector, changes, changed } = await setUp(t, ['a', 'b'])
  reflector.start()
  await server.until(() => server.watches === 1)
  await server.stop()
  remove(server, 'a')
  server.compact()
  await server.start()
  await changed(() => changes.includes('-default/a'))
  await server.until(() => server.watches === 1)
  assert.equal(lists(server), 2)
})

test('a consumer that throws is logged and loses nothing', async (t) => {
  const { reflector, logs } = await setUp(t, ['a', 'b'], {
    onChange: () => {
      throw new TypeError('a defect')
    },
  })
  reflector.start()
  await reflector.synced
  assert.deepEqual(names(reflector), ['a', 'b'])
  assert.equal(logs.filter(({ level }) => level >= 50).length, 2)
})

test('a stop during the list opens no watch', async (t) => {
  const { server, reflector } = await setUp(t, ['a'])
  const held: (() => void)[] = []
  server.fault = (_, response) => held.push(() => failWith(response, 500, 'Late')) > 0
  reflector.start()
  await server.until(() => held.length === 1)
  await reflector.stop()
  server.fault = () => false
  for (const answer of held) answer()
  assert.equal(watched(server), 0)
  assert.equal(reflector.hasSynced, false)
})

test('a stop while the watch is being opened leaves none behind', async (t) => {
  const { server, reflector } = await setUp(t, ['a'])
  let closed = false
  let asked = false
  server.fault = ({ query }, response) => {
    if (!query.has('watch')) return false
    asked = true
    response.on('close', () => (closed = true))
    return true
  }
  reflector.start()
  await server.until(() => asked)
  await reflector.stop()
  await server.until(() => closed)
  assert.equal(server.watches, 0)
})

test('a stop ends an open watch at once, and a stop during the back-off ends the wait', async (t) => {
  const first = await setUp(t, ['a'])
  first.reflector.start()
  await first.server.until(() => first.server.watches === 1)
  await first.reflector.stop()
  await first.server.until(() => first.server.watches === 0)

  const second = await setUp(t, ['a'], { backoff: { firstMs: 3_600_000, longestMs: 3_600_000 } })
  second.server.fault = (_, response) => (failWith(response, 500, 'Broken'), true)
  second.reflector.start()
  await second.server.until(() => second.server.requests.length === 1)
  await second.reflector.stop()
  assert.equal(second.server.requests.length, 1)
})

test('a relist shows what has changed meanwhile, and the watch goes on from it', async (t) => {
  const { server, reflector, changes, changed } = await setUp(t, ['a'])
  reflector.start()
  await reflector.synced
  await reflector.relist()
  assert.deepEqual(changes, ['+default/a'])
  assert.equal(lists(server), 2)
  add(server, 'b')
  await changed(() => changes.includes('+default/b'))
  assert.equal(lists(server), 2)
})

test('a relist asked for during a list begins after it: that list may be older than the question', async (t) => {
  const { server, reflector } = await setUp(t, ['a'])
  let second: Promise<void> | undefined
  server.fault = ({ query }) => {
    if (query.get('watch') === null && lists(server) === 2) second = reflector.relist()
  }
  reflector.start()
  await reflector.synced
  await reflector.relist()
  assert.ok(second)
  await second
  assert.equal(lists(server), 3)
})

test('a relist while the server is away waits for it, and a stop ends the waiting', async (t) => {
  const { server, reflector, waited } = await setUp(t, ['a'])
  reflector.start()
  await reflector.synced
  await server.stop()
  const relisted = reflector.relist()
  await waited(3)
  await server.start()
  await relisted
  await server.stop()
  const never = reflector.relist()
  await reflector.stop()
  await never
})

function forbid(server: FakeApiServer, refuses: () => boolean): void {
  server.fault = ({ query }, response) => {
    if (query.get('watch') !== null || !refuses()) return false
    failWith(response, 403, 'Forbidden')
    return true
  }
}

test('an optional collection that the server does not have is empty, and asked for once', async (t) => {
  const { server, reflector, logs } = await setUp(t, ['a'], { optional: true })
  server.fault = (_, response) => {
    failWith(response, 404, 'NotThere')
    return true
  }
  reflector.start()
  await reflector.synced
  assert.deepEqual([reflector.hasSynced, reflector.objects.size, server.requests.length], [true, 0, 1])
  assert.deepEqual(
    logs.map(({ msg }) => msg),
    ['done without'],
  )
})

test('an optional collection that is forbidden for a moment is waited for', async (t) => {
  const { server, reflector } = await setUp(t, ['a'], { optional: true })
  forbid(server, () => lists(server) <= 2)
  reflector.start()
  await reflector.synced
  assert.deepEqual(names(reflector), ['a'])
})

test('an optional collection that stays forbidden is done without, and what is known of it stays', async (t) => {
  const { server, reflector, logs } = await setUp(t, ['a'], { optional: true })
  const told = (): boolean => logs.some(({ msg }) => msg === 'done without')
  forbid(server, () => lists(server) > 1)
  reflector.start()
  await reflector.synced
  void reflector.relist()
  while (!told()) await turns()
  assert.deepEqual([names(reflector), lists(server)], [['a'], 4])
  const second = await setUp(t, ['a'], { optional: true })
  forbid(second.server, () => true)
  second.reflector.start()
  await second.reflector.synced
  assert.deepEqual([second.reflector.hasSynced, names(second.reflector)], [true, []])
})
