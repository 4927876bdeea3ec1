import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { LinkWatcher, readLinks, Responder } from '../../src/wire/index.ts'
import { type Cable, layCable } from './cable.ts'

let cable: Cable

before(() => {
  cable = layCable()
})

after(() => cable.remove())

const WIRE = new URL('../../src/wire/index.ts', import.meta.url).href
const START = `
  import { LinkWatcher, Responder } from '${WIRE}'
  globalThis.responder = new Responder({ onObservations: () => {} })
  globalThis.watcher = new LinkWatcher({ onLinks: () => {}, onError: () => {} })
  globalThis.watcher.start()`

const threads = (): number => readdirSync('/proc/self/task').length
const files = (): number => readdirSync('/proc/self/fd').length

function startAll(): { stop: () => void } {
  const responder = new Responder({ onObservations: () => {} })
  const watcher = new LinkWatcher({ onLinks: () => {}, onError: () => {} })
  watcher.start()
  return {
    stop: () => {
      responder.stop()
      watcher.stop()
    },
  }
}

test('stopping leaves no thread and no file descriptor', () => {
  readLinks() // loads the addon, starts what Node starts once
  const before = { threads: threads(), files: files() }
  for (let round = 0; round < 20; round++) {
    const all = [startAll(), startAll()]
    const responder = new Responder({ onObservations: () => {} })
    assert.deepEqual(responder.listenOn([cable.link()]), [])
    for (const each of [...all, responder]) each.stop()
    responder.stop()
  }
  // Node closes one of its own when it gets to it.
  assert.ok(threads() <= before.threads, `${threads()} threads, ${before.threads} before`)
  assert.ok(files() <= before.files, `${files()} descriptors, ${before.files} before`)
})

test('a stopped responder says so', () => {
  const responder = new Responder({ onObservations: () => {} })
  responder.stop()
  assert.throws(() => responder.install({ held: [], watched: [] }), /stopped/)
})

test('a worker that is terminated leaves nothing behind', async () => {
  const before = threads()
  for (let round = 0; round < 3; round++) {
    const worker = new Worker(
      `import('tsx/esm/api').then(async ({ register }) => {
        register()
        await import('data:text/javascript,' + encodeURIComponent(${JSON.stringify(START)}))
        require('node:worker_threads').parentPort.postMessage('running')
        setInterval(() => {}, 1000)
      })`,
      { eval: true },
    )
    await once(worker, 'message')
    await worker.terminate()
  }
  assert.ok(threads() <= before + 1, `${threads()} threads, ${before} before`)
})

test('neither keeps a process alive, nor hinders its end', () => {
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', START], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.deepEqual([run.status, run.stderr], [0, ''])
})

test('without CAP_NET_RAW the error names it and the remedy', () => {
  const code = `
    import { MissingCapability, requireRawSockets } from '${WIRE}'
    try { requireRawSockets() } catch (error) {
      console.log(error instanceof MissingCapability, error.message)
    }`
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', code]
  const { stdout } = spawnSync('setpriv', ['--bounding-set=-net_raw', ...node], { encoding: 'utf8' })
  assert.match(stdout, /^true CAP_NET_RAW is missing.*capabilities\.add: \[NET_RAW\]/)
})
