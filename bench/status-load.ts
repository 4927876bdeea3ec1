// What hostile clients of the status API, or of the health port, cost those who wait for an address: steps of work that the thread still does a
// second, and the longest wait between two steps, while another process does its worst.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import {
  ChangeLog,
  controllerServer,
  healthServer,
  metricsRegistry,
  type ServiceView,
  type StatusSource,
} from '../src/status/index.ts'
import { Problem } from '../src/status/problem.ts'
import { selfSigned } from '../src/status/self-signed.ts'
import { Figures } from './figures.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SERVICES = 10_000
/** About what one assignment costs. */
const STEP_MS = 0.3

interface Ports {
  readonly plain: number
  readonly tls: number
  readonly health: number
}

const ATTACKS: Readonly<Record<string, (ports: Ports) => void>> = {
  'nobody looks': () => undefined,
  '32 clients list Services as fast as they can': ({ plain }) =>
    repeat(32, () => get(plain, '/api/v1/services?limit=1000')),
  '32 ask for what there is not': ({ plain }) => repeat(32, () => get(plain, '/api/v1/services/a/none')),
  '32 follow the events and read nothing': ({ plain }) => {
    for (let count = 0; count < 32; count++)
      http
        .get({ port: plain, path: '/api/v1/events' }, (response) => response.pause())
        .on('error', () => undefined)
  },
  '100 connections that send nothing': ({ plain }) => {
    for (let count = 0; count < 100; count++) connect(plain, '127.0.0.1').on('error', () => undefined)
  },
  '16 open TLS with invented tokens, again and again': ({ tls }) =>
    repeat(16, () => getTls(tls, '/metrics', false)),
  '16 ask over TLS for paths that cannot be read': ({ tls }) => repeat(16, () => getTls(tls, '/%', tlsAgent)),
  '16 send requests over TLS and wait for no answer': ({ tls }) => {
    for (let count = 0; count < 16; count++) pipeline(tls)
  },
  '16 probe the health port as fast as they can': ({ health }) => repeat(16, () => get(health, '/healthz')),
}

function repeat(clients: number, ask: () => Promise<void>): void {
  for (let count = 0; count < clients; count++)
    void (async () => {
      for (;;) await ask()
    })()
}

const agent = new http.Agent({ keepAlive: true })
const tlsAgent = new https.Agent({ keepAlive: true })

async function get(port: number, path: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const request = http.get({ port, path, agent, host: '127.0.0.1' }, (response) =>
      response.resume().once('close', resolve),
    )
    request.once('error', () => resolve())
  })
}

async function getTls(port: number, path: string, agent: https.Agent | false): Promise<void> {
  await new Promise<void>((resolve) => {
    const headers = { authorization: `Bearer ${Math.random()}` }
    const options = {
      port,
      host: '127.0.0.1',
      path,
      agent,
      rejectUnauthorized: false,
      headers,
    }
    const request = https.get(options, (response) => response.resume().once('close', resolve))
    request.once('error', () => resolve())
  })
}

function pipeline(port: number): void {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const requests = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000)
  const send = (): void => {
    while (socket.write(requests));
  }
  socket.on('secureConnect', send).on('drain', send).resume()
  socket.on('error', () => undefined).on('close', () => void sleep(10).then(() => pipeline(port)))
}

/** The last four are for the process that attacks, which runs this file, too. */
const SETTINGS = settings({ seconds: 5, attack: '', plain: 0, tls: 0, health: 0 })
const figures = new Figures({
  steps: { what: 'steps of work', unit: '/s', goal: 'a third of those when nobody looks' },
  wait: { what: 'longest wait between two', unit: 'ms' },
})

if (SETTINGS.attack === '') await measure()
else ATTACKS[SETTINGS.attack]?.(SETTINGS)

function sourceOf(changes: ChangeLog): StatusSource {
  const services = new Map(
    Array.from({ length: SERVICES }, (_, index): [string, ServiceView] => {
      const name = `s${String(index).padStart(5, '0')}`
      const ips = [`10.32.${index >> 8}.${index & 255}`]
      return [
        `a/${name}`,
        { namespace: 'a', name, state: 'Assigned', ips, pool: 'lan', announcedBy: ['node-1'] },
      ]
    }),
  )
  const keys = [...services.keys()]
  const nothing = { keys: () => [], view: () => undefined }
  return {
    notReady: () => undefined,
    pools: { ...nothing, detail: () => undefined, addresses: () => undefined },
    services: { keys: () => keys, view: (key) => services.get(key), detail: async () => undefined },
    speakers: { ...nothing, refresh: async () => undefined },
    transitions: nothing,
    changes,
  }
}

async function measure(): Promise<void> {
  const changes = new ChangeLog()
  const source = sourceOf(changes)
  const init = { page: '', onDefect: (error: Error) => console.error(error) }
  const check = async (): Promise<void> => {
    throw new Problem('Unauthenticated', 'no')
  }
  const tls = selfSigned(['localhost'], Date.now())
  const plain = controllerServer(source, metricsRegistry(), { access: { kind: 'loopback' }, ...init })
  const secured = controllerServer(source, metricsRegistry(), {
    access: { kind: 'https', tls, check },
    ...init,
  })
  const health = healthServer({ notAlive: () => undefined, notReady: () => undefined }, 'everybody')
  const servers = { plain, tls: secured, health }
  for (const server of Object.values(servers)) await server.listen({ host: '127.0.0.1', port: 0 })
  const ports = Object.entries(servers).map(
    ([name, { server }]) => `--${name}=${(server.address() as AddressInfo).port}`,
  )
  const keys = source.services.keys({})
  for (const what of Object.keys(ATTACKS)) {
    const attacker = fork(fileURLToPath(import.meta.url), [`--attack=${what}`, ...ports], {
      execArgv: ['--import', 'tsx'],
    })
    const exited = once(attacker, 'exit')
    await sleep(2000)
    let steps = 0
    let longest = 0
    let before = performance.now()
    for (const end = before + SETTINGS.seconds * 1000; performance.now() < end; steps++) {
      const until = performance.now() + STEP_MS
      while (performance.now() < until);
      changes.mark('service', keys[steps % keys.length] ?? '')
      await setImmediate()
      longest = Math.max(longest, performance.now() - before)
      before = performance.now()
    }
    attacker.kill('SIGKILL')
    await exited
    await sleep(500)
    figures.add('steps', what, steps / SETTINGS.seconds)
    figures.add('wait', what, longest)
  }
  for (const server of Object.values(servers)) await server.close()
  conclude('status-load', { seconds: SETTINGS.seconds }, figures)
}
