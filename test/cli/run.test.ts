import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { CommandFailed, runCli } from '../../src/cli/index.ts'
import { failWith, type FakeApiServer, startApiServer } from '../kube/fake-api-server.ts'
import { advertisement, pool } from '../config/objects.ts'
import { announces, endpoints, node, NODES, programPod, service } from './objects.ts'

const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers'

interface Ran {
  code: number
  out: string
  err: string[]
}

/** A cluster in which `web` is announced by node-1. */
async function start(t: TestContext): Promise<FakeApiServer> {
  const server = await startApiServer(t)
  for (const name of NODES) {
    server.set('nodes', node(name))
    server.set('pods', programPod('speaker', name))
  }
  server.set('pods', programPod('controller', 'node-1'))
  server.set('ipaddresspools', pool('lan', ['192.0.2.100-192.0.2.109']))
  server.set('l2advertisements', advertisement('all', {}))
  server.set('services', service('web', { ips: ['192.0.2.100'] }))
  server.set('endpointslices', endpoints('web', NODES))
  server.set('servicel2statuses', announces('node-1', 'web'))
  return server
}

function kubeconfig(t: TestContext, { url }: FakeApiServer, user: object): string {
  const dir = mkdtempSync(join(tmpdir(), 'cli-test-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'config')
  const config = {
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

/** Runs one command to its end. `onOut` is called with everything printed so far. */
async function run(
  t: TestContext,
  server: FakeApiServer,
  command: string,
  {
    interrupted = Promise.resolve(),
    onOut = undefined as ((out: string) => void) | undefined,
    user = {},
  } = {},
): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: [] }
  try {
    ran.code = await runCli([...command.split(' '), '--kubeconfig', kubeconfig(t, server, user)], {
      env: {},
      print: (text) => {
        ran.out += text
        onOut?.(ran.out)
      },
      tell: (line) => ran.err.push(line),
      isTerminal: false,
      colours: false,
      interrupted: () => interrupted,
    })
  } catch (error) {
    assert.ok(error instanceof CommandFailed, String(error))
    ran.code = error.exitCode
    ran.err.push(error.message)
  }
  return ran
}

/** A server that does not answer. */
function away(_: unknown, response: ServerResponse): boolean {
  response.destroy()
  return true
}

test('the same is told as a table, as JSON and as YAML', async (t) => {
  const server = await start(t)
  assert.match(
    (await run(t, server, 'services')).out,
    /^default +web +192\.0\.2\.100 +lan +node-1 +Announced/m,
  )
  const asJson: unknown = JSON.parse((await run(t, server, 'services -o json')).out)
  const asYaml: unknown = parse((await run(t, server, 'services -o yaml')).out)
  assert.deepEqual(asYaml, asJson)
})

test('who may list Services of his namespace only sees these, and is told what he cannot see', async (t) => {
  const server = await start(t)
  server.fault = ({ path }, response) => {
    if (path === '/api/v1/namespaces/default/services') return false
    failWith(response, 403, 'Forbidden')
    return true
  }
  const { code, out, err } = await run(t, server, 'services -o json')
  assert.equal(code, 0)
  const { items } = JSON.parse(out) as { items: { name: string; reason: string }[] }
  assert.deepEqual(
    items.map(({ name, reason }) => `${name} ${reason}`),
    ['web CannotSee'],
  )
  assert.ok(err.includes('cannot see IPAddressPool objects: it is Forbidden'))
})

test('a user that the server does not know is told so, with the server', async (t) => {
  const server = await start(t)
  server.fault = (_, response) => {
    failWith(response, 401, 'Unauthorized')
    return true
  }
  const { code, err } = await run(t, server, 'status')
  assert.equal(code, 1)
  assert.match(err[0] ?? '', /http:\/\/127.* does not accept the user/)
})

test('drain returns when another node announces what the node did', async (t) => {
  const server = await start(t)
  const drained = run(t, server, 'drain node-1 -o json')
  await server.until(() => EXCLUDE in (server.get('nodes', '', 'node-1')?.metadata?.labels ?? {}))
  await server.until(() => server.watches > 0)
  server.remove('servicel2statuses', '', 'l2-node-1-web')
  server.set('servicel2statuses', announces('node-3', 'web'))
  const { code, out } = await drained
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(out), {
    node: 'node-1',
    moved: [{ service: 'default/web', nodes: ['node-3'] }],
    dark: [],
    left: [],
  })
})

test('drain of a node that announces nothing returns at once', async (t) => {
  const server = await start(t)
  const { code, out } = await run(t, server, 'drain node-2')
  assert.deepEqual([code, out], [0, 'node-2 announces nothing\n'])
})

test('drain is refused for Services that the node alone can announce, and for no others', async (t) => {
  const server = await start(t)
  server.set('pods', programPod('speaker', 'node-3', { isReady: false }))
  const spec = { externalTrafficPolicy: 'Local' } as const
  for (const [name, on] of [
    ['here', 'node-1'],
    ['elsewhere', 'node-3'],
  ] as const) {
    server.set('services', service(name, { ips: ['192.0.2.101'], spec }))
    server.set('endpointslices', endpoints(name, [on]))
  }
  const { code, err } = await run(t, server, 'drain node-1')
  assert.equal(code, 1)
  assert.match(err[0] ?? '', /^only node-1 can announce default\/here now; .* --force$/)
  assert.equal((await run(t, server, 'drain node-2')).out, 'node-2 announces nothing\n')
})

test('drain that nobody relieves gives up when its time is over, and says what is left', async (t) => {
  const server = await start(t)
  const { code, out } = await run(t, server, 'drain node-1 --timeout=10ms')
  assert.equal(code, 1)
  assert.match(out, /^default\/web: not handed over in time$/m)
})

test('drain gives up in time also when the API server goes away meanwhile', async (t) => {
  const server = await start(t)
  server.fault = ({ method }) => {
    if (method === 'PATCH') server.fault = away
    return false
  }
  const { code, out } = await run(t, server, 'drain node-1 --timeout=100ms')
  assert.equal(code, 1)
  assert.match(out, /^default\/web: not handed over in time$/m)
})

test('undrain takes the label away, and says when there was none', async (t) => {
  const server = await start(t)
  server.set('nodes', node('node-1', { labels: { [EXCLUDE]: '' } }))
  assert.match((await run(t, server, 'undrain node-1')).out, /^node-1 may announce again/)
  assert.ok(!(EXCLUDE in (server.get('nodes', '', 'node-1')?.metadata?.labels ?? {})))
  assert.match((await run(t, server, 'undrain node-1')).out, /^node-1 was not excluded/)
  assert.equal((await run(t, server, 'undrain node-9')).code, 3)
})

interface Watch {
  /** Resolves when the text has been printed. */
  readonly printed: (text: string) => Promise<void>
  /** Interrupts it. */
  readonly end: () => Promise<Ran>
}

/** Resolves when it watches everything. */
async function watch(t: TestContext, server: FakeApiServer, command: string): Promise<Watch> {
  let interrupt = (): void => undefined
  const interrupted = new Promise<void>((resolve) => (interrupt = resolve))
  let out = ''
  let seen = (): void => undefined
  const ended = run(t, server, command, {
    interrupted,
    onOut: (text) => {
      out = text
      seen()
    },
  })
  await server.until(() => server.watches >= 12)
  return {
    printed: (text) =>
      new Promise((resolve) => {
        seen = () => (out.includes(text) ? resolve() : undefined)
        seen()
      }),
    end: () => {
      interrupt()
      return ended
    },
  }
}

test('a watch prints what has changed, and a server that is away is told once', async (t) => {
  const server = await start(t)
  const { printed, end } = await watch(t, server, 'services --watch')
  server.set('services', service('later', { annotations: { 'metallb.io/address-pool': 'gone' } }))
  await printed('UnknownPool')
  server.fault = away
  server.cutConnections()
  const before = server.requests.length
  await server.until(() => server.requests.length > before + 12)
  server.fault = () => false
  server.set('services', service('last', { annotations: { 'metallb.io/address-pool': 'lost' } }))
  await printed('last')
  const { code, err } = await end()
  assert.equal(code, 0)
  assert.deepEqual(
    err.filter((line) => line.includes('does not answer')),
    ['the API server does not answer; trying again'],
  )
})

test('a watch as YAML is a stream of documents', async (t) => {
  const server = await start(t)
  const { printed, end } = await watch(t, server, 'services --watch -o yaml')
  server.set('services', service('later'))
  await printed('later')
  const { out } = await end()
  const documents = parseAllDocuments(out).map((each) => each.toJS() as { items: { name: string }[] })
  assert.deepEqual(
    documents.map(({ items }) => items.map(({ name }) => name)),
    [['web'], ['later', 'web']],
  )
})

const PREFERRED = 'typemetal.io/preferred-node'

/** A cluster in which node-1 announces four Services and node-3 none; node-2 is not ready. */
async function crowded(t: TestContext): Promise<FakeApiServer> {
  const server = await start(t)
  server.set('pods', programPod('speaker', 'node-2', { isReady: false }))
  for (const n of [1, 2, 3]) {
    server.set('services', service(`more-${n}`, { ips: [`192.0.2.10${n}`] }))
    server.set('endpointslices', endpoints(`more-${n}`, NODES))
    server.set('servicel2statuses', announces('node-1', `more-${n}`))
  }
  return server
}

/** By name, of the Services that have one. */
function preferences(server: FakeApiServer): Record<string, string> {
  return Object.fromEntries(
    server.all('services').flatMap(({ metadata }) => {
      const node = metadata?.annotations?.[PREFERRED]
      return node === undefined ? [] : [[metadata?.name ?? '', node]]
    }),
  )
}

/** As the speakers do: who is preferred announces. */
async function obey(server: FakeApiServer, count: number): Promise<void> {
  await server.until(() => server.watches > 0 && Object.keys(preferences(server)).length === count)
  for (const [name, to] of Object.entries(preferences(server))) {
    server.set('servicel2statuses', announces(to, name))
    server.remove('servicel2statuses', '', `l2-node-1-${name}`)
  }
}

interface Told {
  nodes: { node: string; before: number; after: number }[]
  moves: { from: string; to: string; outcome: string }[]
  cleared: string[]
  left: string[]
}

const ENDLESS = { interrupted: new Promise<void>(() => undefined) }

test('rebalance prefers the idle node until it announces, and leaves no preference behind', async (t) => {
  const server = await crowded(t)
  const running = run(t, server, 'rebalance -o json', ENDLESS)
  await obey(server, 2)
  const { code, out, err } = await running
  const told = JSON.parse(out) as Told
  assert.equal(code, 0)
  assert.deepEqual(
    told.moves.map(({ from, to, outcome }) => `${from} ${to} ${outcome}`),
    ['node-1 node-3 Moved', 'node-1 node-3 Moved'],
  )
  assert.deepEqual(preferences(server), {})
  assert.equal(err.length, 2)
  const again = await run(t, server, 'rebalance', ENDLESS)
  assert.deepEqual([again.code, again.out.split('\n').at(-2)], [0, 'No address has to move.'])
})

test('a dry run of rebalance says what would move, and changes nothing', async (t) => {
  const server = await crowded(t)
  const { code, out } = await run(t, server, 'rebalance --dry-run')
  assert.equal(code, 0)
  assert.match(out, /^node-1 +4 +2$/m)
  assert.match(out, /^default\/\S+ +192\.0\.2\.10\d +node-1 +node-3 +Planned$/m)
  assert.ok(server.requests.every(({ method }) => method === 'GET'))
})

test('what does not move in time is said, and is no longer preferred', async (t) => {
  const server = await crowded(t)
  const { code, out } = await run(t, server, 'rebalance --timeout=20ms', ENDLESS)
  assert.equal(code, 1)
  assert.match(out, /NotMoved: node-3 had not taken over after 0\.02 s$/m)
  assert.deepEqual(preferences(server), {})
})

test('rebalance that is interrupted takes its preferences away before it ends', async (t) => {
  const server = await crowded(t)
  const interrupted = server.until(() => Object.keys(preferences(server)).length === 2)
  const { code, out } = await run(t, server, 'rebalance', { interrupted })
  assert.equal(code, 1)
  assert.match(out, /Planned: interrupted$/m)
  assert.deepEqual(preferences(server), {})
})

test('an API server that goes away meanwhile is told with what is left, and the next run takes it away', async (t) => {
  const server = await crowded(t)
  const interrupted = server
    .until(() => Object.keys(preferences(server)).length === 2)
    .then(() => void (server.fault = away))
  const { code, out } = await run(t, server, 'rebalance', { interrupted })
  assert.equal(code, 1)
  assert.match(
    out,
    /^Take away by hand: kubectl annotate service -n default \S+ typemetal.io\/preferred-node-;/m,
  )
  server.fault = () => false
  assert.equal(Object.keys(preferences(server)).length, 2)
  assert.match((await run(t, server, 'doctor')).out, /^NOTE RebalanceLeft\n {2}Service default\/\S+: /m)
  const running = run(t, server, 'rebalance -o json --timeout=20ms', ENDLESS)
  assert.equal((JSON.parse((await running).out) as Told).cleared.length, 2)
  assert.deepEqual(preferences(server), {})
})

test('rebalance leaves alone what a user prefers, and does nothing where the speakers give everything back', async (t) => {
  const server = await crowded(t)
  for (const n of [1, 2, 3]) {
    const annotations = { [PREFERRED]: 'node-1' }
    server.set('services', service(`more-${n}`, { ips: [`192.0.2.10${n}`], annotations }))
  }
  const running = run(t, server, 'rebalance -o json', ENDLESS)
  await server.until(() => server.watches > 0 && preferences(server).web === 'node-3')
  server.set('servicel2statuses', announces('node-3', 'web'))
  server.remove('servicel2statuses', '', 'l2-node-1-web')
  assert.equal((await running).code, 0)
  assert.deepEqual(preferences(server), { 'more-1': 'node-1', 'more-2': 'node-1', 'more-3': 'node-1' })
  for (const name of NODES) server.set('pods', programPod('speaker', name, { args: ['--failback=always'] }))
  const { code, err } = await run(t, server, 'rebalance')
  assert.equal(code, 1)
  assert.match(err[0] ?? '', /--failback=always/)
})

test('who is somebody else for the API server says so in each request', async (t) => {
  const server = await start(t)
  assert.equal((await run(t, server, 'services --as=jane --as-group=devs --as-group=all')).code, 0)
  for (const { headers } of server.requests) {
    assert.equal(headers['impersonate-user'], 'jane')
    assert.equal(headers['impersonate-group'], 'devs, all')
  }
  assert.equal((await run(t, server, 'services --as-group=devs')).code, 2)
})

test('a plugin of the kubeconfig that cannot be run is told as that, not as a server that is away', async (t) => {
  const server = await start(t)
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'no-such-plugin',
    interactiveMode: 'Never',
  }
  const { code, err } = await run(t, server, 'status', { user: { exec } })
  assert.equal(code, 1)
  assert.match(err[0] ?? '', /^the kubeconfig's user cannot log in: .*no-such-plugin/)
})
