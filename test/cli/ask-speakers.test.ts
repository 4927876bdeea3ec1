import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { askSpeakers } from '../../src/cli/ask-speakers.ts'
import type { ProgramPod } from '../../src/program-pods.ts'
import { ApiClient } from '../../src/kube/index.ts'
import type { Hearing } from '../../src/status/index.ts'
import { FIRST } from '../kube/certificates.ts'
import { failWith, startApiServer } from '../kube/fake-api-server.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const TOKEN_PATH = '/api/v1/namespaces/metallb-system/serviceaccounts/viewer/token'

const FACTS = { node: 'node-1', version: '1', interfaces: [], gateways: [] }

/** A speaker that knows of no node. */
function old({ url }: IncomingMessage, response: ServerResponse): void {
  if (url?.endsWith('/node')) response.writeHead(404).end()
  else response.end('{"items": []}')
}

const NOTHING: Hearing = { node: 'node-1', facts: null, segments: [], peers: [] }

interface Question {
  mayAskForTokens?: boolean
  unreachable?: boolean
  deadlineMs?: number
}

/** What comes of asking one speaker that answers so. */
async function asked(
  t: TestContext,
  answer: Answer,
  { mayAskForTokens = true, unreachable = false, deadlineMs }: Question = {},
): Promise<Hearing | undefined> {
  const speaker = https.createServer(FIRST, answer).listen(0, '127.0.0.1')
  await once(speaker, 'listening')
  t.after(() => {
    speaker.closeAllConnections()
    speaker.close()
  })
  const server = await startApiServer(t)
  server.fault = ({ path, method }, response) => {
    assert.deepEqual([method, path], ['POST', TOKEN_PATH])
    if (!mayAskForTokens) failWith(response, 403, 'Forbidden')
    else response.end(JSON.stringify({ status: { token: 'of-the-viewer' } }))
    return true
  }
  const client = new ApiClient(server.credentials)
  t.after(() => client.stop())
  const pod: ProgramPod = {
    component: 'speaker',
    name: 'speaker-x',
    node: 'node-1',
    isReady: true,
    image: '',
    args: [],
    address: unreachable ? '127.0.0.2' : '127.0.0.1',
    port: (speaker.address() as AddressInfo).port,
  }
  const node = {
    metadata: { name: 'node-1' },
    status: { addresses: [{ type: 'Hostname', address: 'localhost' }] },
  }
  const [hearing] = await askSpeakers(
    client,
    { programs: [pod], nodes: [node], namespace: 'metallb-system' },
    deadlineMs,
  )
  return hearing
}

async function problem(t: TestContext, answer: Answer, question?: Question): Promise<string> {
  const hearing = await asked(t, answer, question)
  assert.ok(hearing && 'problem' in hearing)
  return hearing.problem
}

test('a speaker is asked with a token of the viewer, and with no other', async (t) => {
  const hearing = await asked(t, ({ url, headers }, response) => {
    assert.equal(headers.authorization, 'Bearer of-the-viewer')
    const items = url?.includes('/peers?') ? [{ node: 'node-2' }] : [{ interface: 'eth0' }]
    response.end(JSON.stringify(url?.endsWith('/node') ? FACTS : { items }))
  })
  assert.deepEqual(hearing, {
    node: 'node-1',
    facts: FACTS,
    segments: [{ interface: 'eth0' }],
    peers: [{ node: 'node-2' }],
  })
})

test('a list of several pages is read to its end', async (t) => {
  const hearing = await asked(t, ({ url }, response) => {
    if (!url?.includes('/peers?')) return old({ url } as IncomingMessage, response)
    const token = new URL(url, 'https://speaker').searchParams.get('continue')
    const page = token === 'more & more' ? { items: [2] } : { items: [1], continue: 'more & more' }
    response.end(JSON.stringify(page))
  })
  assert.deepEqual(hearing, { ...NOTHING, peers: [1, 2] })
})

test('a node that is not reached at its first address is asked at its others', async (t) => {
  assert.deepEqual(await asked(t, old, { unreachable: true }), NOTHING)
})

test('of a node that is reached at none of its addresses each is named with what became of it', async (t) => {
  const text = await problem(t, () => undefined, { unreachable: true, deadlineMs: 300 })
  assert.match(text, /127\.0\.0\.2:\d+: .*ECONNREFUSED.*; https:\/\/localhost:\d+: no answer within 300 ms/)
})

test('a speaker of a release that tells nothing of its node is asked for the rest', async (t) => {
  assert.deepEqual(await asked(t, old), NOTHING)
})

test('who may not have that token asks nobody, and is told the right that he needs', async (t) => {
  const hearing = await asked(t, () => assert.fail('it was asked'), { mayAskForTokens: false })
  assert.ok(hearing && 'problem' in hearing)
  assert.match(hearing.problem, /create a token of ServiceAccount viewer/)
})

test('a speaker that says nothing, refuses, talks nonsense or without end costs its own answer only', async (t) => {
  assert.match(await problem(t, () => undefined, { deadlineMs: 300 }), /no answer within 300 ms/)
  assert.match(await problem(t, (_, response) => void response.writeHead(403).end()), /HTTP 403/)
  assert.match(await problem(t, (_, response) => void response.end('{"items": 3}')), /something else/)
  assert.match(await problem(t, (_, response) => void response.end('<html>')), /JSON/)
  assert.match(await problem(t, (_, response) => void response.end('x'.repeat(2 << 20))), /no end/)
  const more: Answer = (request, response) => {
    if (request.url?.endsWith('/node')) old(request, response)
    else response.end('{"items": [], "continue": "more"}')
  }
  assert.match(await problem(t, more), /no end/)
})
