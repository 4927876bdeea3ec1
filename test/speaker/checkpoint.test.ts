import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type Logger, pino } from 'pino'
import { Checkpoint } from '../../src/speaker/checkpoint.ts'
import type { Intents } from '../../src/speaker/intents.ts'
import { addressOf } from '../ip/address-of.ts'

const intents: Intents = {
  node: 'node-1',
  cluster: '0123456789abcdef',
  isStale: false,
  prospects: [],
  addresses: [
    {
      address: addressOf('192.0.2.50'),
      orderedBy: addressOf('192.0.2.50'),
      candidates: [
        { node: 'node-2', score: 10 },
        { node: 'node-1', score: 0 },
      ],
      interfaces: null,
    },
    {
      address: addressOf('2001:db8::50'),
      orderedBy: addressOf('192.0.2.50'),
      candidates: [],
      interfaces: ['eth0'],
    },
  ],
}

function recordingLog(): { log: Logger; told: string[] } {
  const told: string[] = []
  return { told, log: pino({ level: 'info' }, { write: (line: string) => told.push(line) }) }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'typemetal-test-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('what was kept is read again, as stale', async (t) => {
  const path = join(folder(t), 'sub', 'intents.json')
  const { log } = recordingLog()
  const before = new Checkpoint({ log }, { path, node: 'node-1' })
  before.keep(intents)
  await before.stop()
  const after = new Checkpoint({ log }, { path, node: 'node-1' })
  assert.deepEqual(after.read(), { ...intents, isStale: true })
})

test('of changes that follow each other the last one is kept', async (t) => {
  const path = join(folder(t), 'intents.json')
  const checkpoint = new Checkpoint(recordingLog(), { path, node: 'node-1' })
  checkpoint.keep(intents)
  checkpoint.keep({ ...intents, addresses: [] })
  await checkpoint.stop()
  assert.deepEqual(checkpoint.read()?.addresses, [])
})

for (const [what, text] of [
  ['is cut off', '{"format":1,"node":"node-1"'],
  [
    'is of another node',
    JSON.stringify({ format: 1, node: 'node-2', cluster: intents.cluster, addresses: [] }),
  ],
  ['is of another format', JSON.stringify({ format: 2 })],
  ['has no cluster', JSON.stringify({ format: 1, node: 'node-1', cluster: 'x', addresses: [] })],
  [
    'has an address that is none',
    JSON.stringify({
      format: 1,
      node: 'node-1',
      cluster: intents.cluster,
      addresses: [{ ip: '192.0.2', candidates: [], interfaces: null }],
    }),
  ],
  [
    'has a candidate without a name',
    JSON.stringify({
      format: 1,
      node: 'node-1',
      cluster: intents.cluster,
      addresses: [{ ip: '192.0.2.50', candidates: [{ score: 0 }], interfaces: null }],
    }),
  ],
] as const) {
  test(`a file that ${what} is of no use, which is said`, (t) => {
    const path = join(folder(t), 'intents.json')
    writeFileSync(path, text)
    const { log, told } = recordingLog()
    assert.equal(new Checkpoint({ log }, { path, node: 'node-1' }).read(), undefined)
    assert.equal(told.length, 1)
  })
}

test('without a file there is nothing, and nothing to say', (t) => {
  const { log, told } = recordingLog()
  const path = join(folder(t), 'intents.json')
  assert.equal(new Checkpoint({ log }, { path, node: 'node-1' }).read(), undefined)
  assert.deepEqual(told, [])
})

test('where nothing can be written that is said once, and the rest goes on', async (t) => {
  const place = join(folder(t), 'file')
  writeFileSync(place, '')
  const { log, told } = recordingLog()
  const checkpoint = new Checkpoint({ log }, { path: join(place, 'intents.json'), node: 'node-1' })
  checkpoint.keep(intents)
  await checkpoint.stop()
  checkpoint.keep(intents)
  await checkpoint.stop()
  assert.equal(told.length, 1)
  assert.equal(readFileSync(place, 'utf8'), '')
})
