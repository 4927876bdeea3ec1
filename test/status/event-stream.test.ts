import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { metricsRegistry, type ServiceDetail, controllerServer } from '../../src/status/index.ts'
import type { Access } from '../../src/status/server.ts'
import { selfSigned } from '../../src/status/self-signed.ts'
import { PENDING, sourceOf } from './source.ts'

interface Told {
  id: string
  event: string
  data: string
}

/** A browser that follows the events: what it was told so far, and a promise for more. */
class Reader {
  readonly told: Told[] = []
  #text = ''
  #more: () => void = () => undefined
  #request: http.ClientRequest | undefined

  open(port: number, lastEventId?: string): this {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    this.#request = http.get({ port, host: '127.0.0.1', path: '/api/v1/events', headers }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => this.#take(text))
      response.on('error', () => undefined)
    })
    this.#request.on('error', () => undefined)
    return this
  }

  close(): void {
    this.#request?.destroy()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#more = resolve))
  }

  #take(text: string): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, id = '', event = '', data = ''] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? []
      this.told.push({ id, event, data })
    }
    this.#more()
  }
}

async function listening(
  t: TestContext,
  source: ReturnType<typeof sourceOf>,
  { access, onConnection }: { access: Access; onConnection?: (socket: Socket) => void } = {
    access: { kind: 'loopback' },
  },
): Promise<number> {
  const server = controllerServer(source, metricsRegistry(), { access, page: '', onDefect: assert.ifError })
  if (onConnection !== undefined) server.server.on('connection', onConnection)
  await server.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  return (server.server.address() as AddressInfo).port
}

test('a reader is told what changes, and what is gone', async (t) => {
  const services = new Map([['a/b', PENDING]])
  const source = sourceOf(services)
  const reader = new Reader().open(await listening(t, source))
  t.after(() => reader.close())
  await reader.until(() => reader.told.length === 1)
  source.changes.mark('service', 'a/b')
  await reader.until(() => reader.told.length === 2)
  services.delete('a/b')
  source.changes.mark('service', 'a/b')
  await reader.until(() => reader.told.length === 3)
  assert.deepEqual(
    reader.told.map(({ event, data }) => [event, data]),
    [
      ['reset', '{}'],
      ['service', JSON.stringify(PENDING)],
      ['service-gone', '{"key":"a/b"}'],
    ],
  )
})

test('one that comes back is told what it missed, each thing once and as it is now', async (t) => {
  const source = sourceOf()
  const port = await listening(t, source)
  const first = new Reader().open(port)
  await first.until(() => first.told.length === 1)
  first.close()
  for (let round = 0; round < 3; round++) source.changes.mark('service', 'a/b')
  const second = new Reader().open(port, first.told[0]?.id)
  t.after(() => second.close())
  await second.until(() => second.told.length === 2)
  assert.deepEqual(
    second.told.map(({ event }) => event),
    ['resumed', 'service'],
  )
})

test('one that was away for too long, or comes from another process, begins anew', async (t) => {
  const source = sourceOf()
  const port = await listening(t, source)
  const first = new Reader().open(port)
  await first.until(() => first.told.length === 1)
  first.close()
  for (let count = 0; count < 5000; count++) source.changes.mark('service', `a/s${count}`)
  for (const id of [first.told[0]?.id, 'other.0', 'nonsense']) {
    const reader = new Reader().open(port, id)
    await reader.until(() => reader.told.length === 1)
    assert.deepEqual(
      reader.told.map(({ event }) => event),
      ['reset'],
    )
    reader.close()
  }
})

test('a reader that takes nothing costs no memory: it skips to what is newest', async (t) => {
  const big: ServiceDetail = { ...PENDING, message: 'x'.repeat(100_000) }
  const services = new Map(Array.from({ length: 50 }, (_, index) => [`a/s${index}`, big]))
  const source = sourceOf(services)
  const port = await listening(t, source)
  let views = 0
  const view = source.services.view
  source.services.view = (key: string) => {
    views++
    return view(key)
  }
  const stuck = http.get({ port, host: '127.0.0.1', path: '/api/v1/events' })
  t.after(() => stuck.destroy())
  const response = await new Promise<http.IncomingMessage>((resolve) => stuck.once('response', resolve))
  response.pause()
  const other = new Reader().open(port)
  t.after(() => other.close())
  await other.until(() => other.told.length === 1)
  for (let round = 0; round < 4; round++) {
    const before = other.told.length
    for (const key of services.keys()) source.changes.mark('service', key)
    await other.until(() => other.told.length >= before + 50)
  }
  // The one that reads was told all of 4 x 50; the other what its buffers took, a few MB at most.
  assert.ok(views < 4 * 50 + 100, `${views} views were made`)
})

test('those that leave while it is asked whether they may look take no place', async (t) => {
  const connections: Socket[] = []
  const answers: (() => void)[] = []
  let allAsked: () => void = () => undefined
  const asking = new Promise<void>((resolve) => (allAsked = resolve))
  const check = ({ url }: { url: string }): Promise<void> =>
    new Promise((resolve) => {
      if (url.endsWith('?known')) return resolve()
      answers.push(resolve)
      if (answers.length === 32) allAsked()
    })
  const access: Access = { kind: 'https', tls: selfSigned(['localhost'], Date.now()), check }
  const onConnection = (socket: Socket): void => void connections.push(socket)
  const port = await listening(t, sourceOf(), { access, onConnection })
  const open = (path: string): http.ClientRequest => {
    const options = { port, host: '127.0.0.1', path, rejectUnauthorized: false, agent: false }
    return https.get(options).on('error', () => undefined)
  }
  const impatient = Array.from({ length: 32 }, () => open('/api/v1/events'))
  await asking
  const left = connections.map((socket) => once(socket, 'close'))
  for (const request of impatient) request.destroy()
  await Promise.all(left)
  for (const answer of answers) answer()
  const patient = open('/api/v1/events?known')
  t.after(() => patient.destroy())
  const [{ statusCode }] = (await once(patient, 'response')) as [http.IncomingMessage]
  assert.equal(statusCode, 200)
})

test('beyond the readers that are allowed one is told to come back', async (t) => {
  const source = sourceOf()
  const port = await listening(t, source)
  const readers = Array.from({ length: 32 }, () => new Reader().open(port))
  t.after(() => readers.forEach((reader) => reader.close()))
  for (const reader of readers) await reader.until(() => reader.told.length === 1)
  readers[0]?.close()
  let answer: number | undefined
  while (answer !== 200) {
    // The server hears of the one that left in its own time.
    answer = await new Promise<number | undefined>((resolve) => {
      const request = http.get({ port, host: '127.0.0.1', path: '/api/v1/events' }, ({ statusCode }) => {
        resolve(statusCode)
        if (statusCode !== 200) request.destroy()
      })
      t.after(() => request.destroy())
    })
    assert.ok(answer === 200 || answer === 503)
  }
})
