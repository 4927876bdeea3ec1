import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import test from 'node:test'
import { watchEvents } from '../../src/kube/watch-stream.ts'
import { fc } from '../fast-check.ts'
import { eventLine } from './fake-api-server.ts'

/** The names in the events of a body that comes in these pieces. */
async function namesIn(pieces: Iterable<Buffer>): Promise<string[]> {
  const names: string[] = []
  const body = Readable.from(pieces) as unknown as IncomingMessage
  for await (const { object } of watchEvents(body, 60_000)) names.push(object.metadata?.name ?? '')
  return names
}

test('events are the same however the bytes are cut into pieces', async () => {
  const names = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 })
  const cuts = fc.array(fc.nat(400), { maxLength: 20 })
  const property = fc.asyncProperty(names, cuts, async (names, cuts) => {
    const bytes = Buffer.from(names.map((name) => eventLine('ADDED', { metadata: { name } })).join(''))
    const ends = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
    const pieces = ends
      .slice(1)
      .map((end, index) => bytes.subarray(ends[index], Math.max(end, ends[index] ?? 0)))
    assert.deepEqual(await namesIn(pieces), names)
  })
  await fc.assert(property, { numRuns: 100 })
})

test('what is before a bad line is still told', async () => {
  const good = eventLine('ADDED', { metadata: { name: 'a' } })
  for (const [bad, code] of [
    ['{"type":"ADDED"', 'TRUNCATED'],
    ['{"type":"ADDED"\n', 'GARBAGE'],
    ['null\n', 'GARBAGE'],
    ['[]\n', 'GARBAGE'],
    ['{"type":1,"object":{}}\n', 'GARBAGE'],
    ['\n', 'GARBAGE'],
  ] as const) {
    const seen: string[] = []
    const body = Readable.from([Buffer.from(good + bad)]) as unknown as IncomingMessage
    const read = async (): Promise<void> => {
      for await (const { type } of watchEvents(body, 60_000)) seen.push(type)
    }
    await assert.rejects(read(), { name: 'ApiUnreachable', code }, JSON.stringify(bad))
    assert.deepEqual(seen, ['ADDED'])
  }
})

test('a line without end is given up before it fills the memory', async () => {
  const piece = Buffer.alloc(8 * 1024 * 1024, 'x')
  await assert.rejects(namesIn(Array.from({ length: 6 }, () => piece)), {
    code: 'GARBAGE',
    message: /does not end/,
  })
})
