import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Hearings } from '../../src/controller/hearings.ts'
import { ChangeLog, type Hearing, type SpeakerPlace } from '../../src/status/index.ts'

const LONG_MS = 60_000

function place(node: string): SpeakerPlace {
  return { node, hosts: ['192.0.2.1'], port: 9120 }
}

/** A node that hears these on eth0. */
function heard(node: string, peers: readonly string[]): Hearing {
  const segment = { interface: 'eth0', isUp: true, isListening: false, hasQuorum: true }
  const flags = { isListening: false, isLeaving: false, isStale: false, hasQuorum: true, isDeaf: false }
  return {
    node,
    facts: { node, version: '1', interfaces: [], gateways: [] },
    segments: [{ ...segment, peers: peers.length, disputed: [{ ip: '192.0.2.9', nodes: ['a', 'b'] }] }],
    peers: peers.map((peer) => ({ ...flags, interface: 'eth0', node: peer, instance: '', mac: '', held: 0 })),
  }
}

/** Speakers that answer by what is in `say`; who is not there does not answer. */
function world(nodes: readonly string[]) {
  const changes = new ChangeLog()
  const say = new Map(nodes.map((node) => [node, heard(node, ['z', 'a'])]))
  const places = nodes.map(place)
  const asked: string[] = []
  const time = { now: 0 }
  const hearings = new Hearings({
    ask: async ({ node }) => {
      asked.push(node)
      return say.get(node) ?? new Promise<never>(() => undefined)
    },
    places: () => places,
    changes,
    clock: () => time.now,
  })
  return { changes, say, places, asked, time, hearings }
}

const WORDS = {
  version: '1',
  segments: [
    {
      interface: 'eth0',
      isUp: true,
      isListening: false,
      hasQuorum: true,
      peers: ['a', 'z'],
      disputed: ['192.0.2.9'],
    },
  ],
}

test('whoever refreshes learns what each speaker says of its segments and whom it hears there', async () => {
  const { hearings, changes } = world(['n1', 'n2'])
  assert.equal(hearings.of('n1'), undefined)
  await hearings.refresh(LONG_MS)
  assert.deepEqual(hearings.of('n1'), WORDS)
  assert.deepEqual(
    changes.since(0)?.map(({ kind, key }) => `${kind} ${key}`),
    ['speaker n1', 'speaker n2'],
  )
})

test('a speaker is not asked again at once, whoever looks, and what it said before is told meanwhile', async () => {
  const { hearings, asked, time } = world(['n1'])
  await hearings.refresh(LONG_MS)
  await hearings.refresh(LONG_MS)
  assert.deepEqual(asked, ['n1'])
  time.now += 2000
  await hearings.refresh(LONG_MS)
  assert.deepEqual(asked, ['n1', 'n1'])
})

test('only what has changed is told to those who follow', async () => {
  const { hearings, say, changes, time } = world(['n1', 'n2'])
  await hearings.refresh(LONG_MS)
  const { revision } = changes
  say.set('n2', { node: 'n2', problem: 'no answer' })
  time.now += 2000
  await hearings.refresh(LONG_MS)
  assert.deepEqual(
    changes.since(revision)?.map(({ key }) => key),
    ['n2'],
  )
  assert.deepEqual(hearings.of('n2'), { silence: 'no answer' })
})

test('one that says nothing holds up neither the others nor for longer than the wait, and is asked no second time meanwhile', async () => {
  const { hearings, say, asked } = world(['n1', 'n2'])
  say.delete('n1')
  await hearings.refresh(10)
  assert.deepEqual([hearings.of('n1'), hearings.of('n2')], [undefined, WORDS])
  await hearings.refresh(10)
  assert.deepEqual(asked, ['n1', 'n2'])
})

test('old words, and those of a speaker that is gone, are not told', async () => {
  const { hearings, places, time } = world(['n1', 'n2'])
  await hearings.refresh(LONG_MS)
  places.length = 1
  time.now += 2000
  await hearings.refresh(LONG_MS)
  assert.equal(hearings.of('n2'), undefined)
  time.now += 15_001
  assert.equal(hearings.of('n1'), undefined)
})

test('of a thousand speakers no more than 32 are asked at a time', async () => {
  const { hearings, say, asked } = world(Array.from({ length: 1000 }, (_, index) => `n${index}`))
  say.clear()
  void hearings.refresh(10)
  await setImmediate()
  assert.equal(asked.length, 32)
})

test('nobody is asked while nobody looks, and everybody while somebody follows', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { hearings, asked, changes } = world(['n1', 'n2'])
  hearings.start()
  t.after(() => hearings.stop())
  t.mock.timers.tick(5000)
  assert.deepEqual(asked, [])
  const unfollow = changes.follow(() => undefined)
  t.mock.timers.tick(500)
  unfollow()
  assert.deepEqual(asked, ['n1', 'n2'])
})
