import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import { ApiError, ApiUnreachable } from '../../src/kube/errors.ts'
import { WorkQueue, type WorkQueueInit } from '../../src/kube/work-queue.ts'

const SECOND = 1000

interface Worked {
  queue: WorkQueue
  /** Keys in the order in which work on them began. */
  begun: string[]
  /** Ends the work on a key. */
  end: (key: string, error?: Error) => Promise<void>
  logs: Record<string, unknown>[]
}

/** A queue in virtual time whose work lasts until the test ends it. */
function setUp(t: TestContext, init: Partial<WorkQueueInit> = {}): Worked {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const begun: string[] = []
  const logs: Record<string, unknown>[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const queue = new WorkQueue({
    log: pino(
      { level: 'debug' },
      { write: (line: string) => logs.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    backoff: { firstMs: SECOND, longestMs: 4 * SECOND, random: () => 1 },
    handler: (key) => {
      begun.push(key)
      return new Promise((resolve, reject) => ends.set(key, (error) => (error ? reject(error) : resolve())))
    },
    ...init,
  })
  const end = async (key: string, error?: Error): Promise<void> => {
    ends.get(key)?.(error)
    await turn()
  }
  return { queue, begun, end, logs }
}

function turn(): Promise<void> {
  return new Promise(setImmediate)
}

test('nothing is worked on before the start, and then each key once', (t) => {
  const { queue, begun } = setUp(t)
  for (const key of ['a', 'b', 'a']) queue.add(key)
  assert.deepEqual(begun, [])
  queue.start()
  assert.deepEqual(begun, ['a', 'b'])
})

test('a key added while it is being worked on comes once more, after that', async (t) => {
  const { queue, begun, end } = setUp(t)
  queue.start()
  for (let time = 0; time < 3; time++) queue.add('a')
  assert.deepEqual(begun, ['a'])
  await end('a')
  assert.deepEqual(begun, ['a', 'a'])
  await end('a')
  assert.deepEqual(begun, ['a', 'a'])
  assert.equal(queue.size, 0)
})

test('no more keys are worked on at a time than allowed, in the order in which they came', async (t) => {
  const { queue, begun, end } = setUp(t, { concurrency: 2 })
  queue.start()
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key)
  assert.deepEqual(begun, ['a', 'b'])
  await end('b')
  assert.deepEqual(begun, ['a', 'b', 'c'])
  await end('a')
  assert.deepEqual(begun, ['a', 'b', 'c', 'd'])
})

test('a key that fails comes again after 1, 2, 4, 4 times the first wait, and after a success from the beginning', async (t) => {
  const { queue, begun, end } = setUp(t)
  queue.start()
  queue.add('a')
  for (const waitMs of [1, 2, 4, 4].map((times) => times * SECOND)) {
    const before = begun.length
    await end('a', new ApiUnreachable('ECONNREFUSED', 'away'))
    t.mock.timers.tick(waitMs - 1)
    assert.equal(begun.length, before)
    t.mock.timers.tick(1)
    assert.equal(begun.length, before + 1)
  }
  await end('a')
  queue.add('a')
  await end('a', new Error('again'))
  t.mock.timers.tick(SECOND)
  assert.equal(begun.length, 7)
})

test('a key that fails does not hold up the others', async (t) => {
  const { queue, begun, end } = setUp(t, { concurrency: 1 })
  queue.start()
  queue.add('bad')
  queue.add('good')
  await end('bad', new Error('bad'))
  assert.deepEqual(begun, ['bad', 'good'])
})

test('the server is not asked before the time that it told', async (t) => {
  const { queue, begun, end } = setUp(t)
  queue.start()
  queue.add('a')
  await end('a', new ApiError(429, 'TooManyRequests', 'slow down', 9 * SECOND))
  t.mock.timers.tick(9 * SECOND - 1)
  assert.equal(begun.length, 1)
  t.mock.timers.tick(1)
  assert.equal(begun.length, 2)
})

test('a change does not wait for the end of the back-off, and is worked on once', async (t) => {
  const { queue, begun, end } = setUp(t)
  queue.start()
  queue.add('a')
  await end('a', new Error('failed'))
  queue.add('a')
  assert.equal(begun.length, 2)
  await end('a')
  t.mock.timers.tick(10 * SECOND)
  assert.equal(begun.length, 2)
})

test('a key for later comes later, or earlier when something happens', async (t) => {
  const { queue, begun, end } = setUp(t)
  queue.start()
  queue.addAfter('a', SECOND)
  queue.addAfter('a', 10 * SECOND)
  t.mock.timers.tick(SECOND)
  assert.deepEqual(begun, ['a'])
  await end('a')
  queue.addAfter('a', SECOND)
  queue.add('a')
  await end('a')
  t.mock.timers.tick(10 * SECOND)
  assert.deepEqual(begun, ['a', 'a'])
})

test('work that throws at once is caught like work that fails later; a defect shows its stack, a conflict is quiet', async (t) => {
  const thrown = [
    new TypeError('a defect'),
    new ApiError(409, 'Conflict', 'changed'),
    new ApiError(500, '', 'broken'),
  ]
  const { queue, logs } = setUp(t, {
    handler: (key) => {
      throw thrown[Number(key)]
    },
  })
  queue.start()
  for (const key of thrown.keys()) queue.add(String(key))
  await turn()
  assert.deepEqual(
    logs.map(({ level, err, error }) => [level, typeof (err as Error | undefined)?.stack, error]),
    [
      [40, 'string', undefined],
      [20, 'undefined', 'changed'],
      [40, 'undefined', 'broken'],
    ],
  )
})

test('a stop waits for what is being worked on, and begins nothing', async (t) => {
  const { queue, begun, end } = setUp(t, { concurrency: 1 })
  queue.start()
  for (const key of ['a', 'b']) queue.add(key)
  queue.addAfter('c', SECOND)
  let stopped = false
  const stopping = queue.stop().then(() => (stopped = true))
  await turn()
  assert.equal(stopped, false)
  await end('a', new Error('and no more'))
  await stopping
  queue.add('d')
  queue.start()
  t.mock.timers.tick(10 * SECOND)
  assert.deepEqual(begun, ['a'])
  assert.equal(queue.size, 0)
})

test('a stop does not wait longer than its limit', async (t) => {
  const { queue } = setUp(t, { drainMs: SECOND })
  queue.start()
  queue.add('a')
  const stopping = queue.stop()
  t.mock.timers.tick(SECOND)
  await stopping
})
