// What a speaker costs: resident memory and idle CPU with no Service and with many, and how long it takes over them.
//   node --import tsx bench/speaker.ts [SERVICES]    5,000 unless said
// The built program (npm run build) on a cable of its own, as in a pod, against a fake API server in another process.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { KubeObject } from '../src/api/index.ts'
import { unshareOptions } from '../sandbox/machine.mjs'
import { FIRST } from '../test/kube/certificates.ts'
import { FakeApiServer } from '../test/kube/fake-api-server.ts'
import { layCable } from '../test/wire/cable.ts'

const SERVICES = Number(process.argv[2] ?? 5000)
const SELF = fileURLToPath(import.meta.url)
const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const INSIDE = 'TYPEMETAL_BENCH_NAMESPACE'
const NAMESPACE = 'metallb-system'
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const NODES = ['node-1', 'node-2', 'node-3']
const HEARTBEAT_MS = 10_000
const QUIET_MS = 5000
const IDLE_MS = 30_000
const TICKS_PER_S = 100

const ipOf = (index: number): string => `10.0.${index >> 8}.${index & 255}`

/** With three endpoints, as a Deployment's Service has them. */
function serviceObjects(index: number): readonly (readonly [string, KubeObject & Record<string, unknown>])[] {
  const [name, namespace] = [`service-${index}`, 'default']
  const labels = { 'app.kubernetes.io/name': name }
  const endpoints = NODES.map((nodeName, pod) => ({
    addresses: [`10.244.${pod}.${index % 250}`],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName,
    targetRef: { kind: 'Pod', namespace, name: `${name}-7887448d46-${pod}` },
  }))
  const slice = { addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }
  return [
    [
      'services',
      {
        metadata: { namespace, name, labels, annotations: { 'metallb.io/ip-allocated-from-pool': 'lan' } },
        spec: {
          type: 'LoadBalancer',
          selector: labels,
          ports: [{ name: 'http', port: 80, nodePort: 30_000 }],
        },
        status: { loadBalancer: { ingress: [{ ip: ipOf(index), ipMode: 'VIP' }] } },
      },
    ],
    [
      'endpointslices',
      {
        metadata: { namespace, name: `${name}-x`, labels: { 'kubernetes.io/service-name': name } },
        ...slice,
      },
    ],
  ]
}

/** The cluster: three nodes that beat, a speaker that is Ready on the first, a pool, an advertisement. */
async function serve(count: number): Promise<void> {
  const server = new FakeApiServer(FIRST)
  await server.start()
  const set = (collection: string, object: object): void => void server.set(collection, object)
  const metadata = { namespace: NAMESPACE }
  set('ipaddresspools', { metadata: { ...metadata, name: 'lan' }, spec: { addresses: ['10.0.0.0/16'] } })
  set('l2advertisements', { metadata: { ...metadata, name: 'all' } })
  const beat = (): void => {
    for (const name of NODES) set('nodes', { metadata: { name }, status: { heartbeat: performance.now() } })
  }
  beat()
  setInterval(beat, HEARTBEAT_MS)
  set('pods', {
    metadata: { ...metadata, name: 'speaker-1' },
    spec: { nodeName: NODES[0] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  })
  for (let index = 0; index < count; index++) {
    for (const [collection, object] of serviceObjects(index)) set(collection, object)
  }
  process.on('message', () => {
    process.send?.(server.requests.filter(({ method }) => method !== 'GET').length)
  })
  process.on('disconnect', () => process.exit())
  process.send?.(server.url)
}

async function answer(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message')) as [unknown]
  return message
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

/** Waits until the speaker has written something, and then nothing for a while; returns how long it took until then. */
async function settled(server: ChildProcess, start: number): Promise<number> {
  for (let writes = -1, last = performance.now(); ; await sleep(500)) {
    server.send('writes?')
    const now = (await answer(server)) as number
    if (now !== writes || now === 0) last = performance.now()
    else if (performance.now() - last > QUIET_MS) return (last - start) / 1000
    writes = now
  }
}

async function measure(count: number): Promise<Record<string, unknown>> {
  const server = fork(SELF, [String(count)], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, [INSIDE]: 'server' },
  })
  const { hostname, port } = new URL((await answer(server)) as string)
  const flags = [
    '--node-name=node-1',
    '--health-probe-port=0',
    '--log-level=error',
    '--allow-unauthenticated-hello',
  ]
  const env = { ...process.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
  const start = performance.now()
  const speaker = spawn(process.execPath, [PROGRAM, 'speaker', ...flags], { stdio: 'inherit', env })
  const pid = speaker.pid ?? 0
  const took = await settled(server, start)
  const afterStart = cpuSeconds(pid)
  await sleep(IDLE_MS)
  const idle = (cpuSeconds(pid) - afterStart) / (IDLE_MS / 1000)
  const row = {
    'resident MB': mb(residentMb(pid)),
    'idle CPU %': (idle * 100).toFixed(2),
    'CPU s until told': afterStart.toFixed(1),
    'all told after s': took.toFixed(1),
  }
  speaker.kill('SIGTERM')
  await once(speaker, 'exit')
  server.disconnect()
  await once(server, 'exit')
  return row
}

const mb = (amount: number): string => amount.toFixed(0)

/** A process that does nothing but what `script` says. */
async function floor(script: string): Promise<Record<string, unknown>> {
  const idle = `${script}; setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', idle], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await sleep(3000)
  const row = { 'resident MB': mb(residentMb(child.pid ?? 0)) }
  child.kill('SIGKILL')
  await once(child, 'exit')
  return row
}

/** In the tmpfs that `layCable` mounted over /run. */
function writeServiceAccount(): void {
  mkdirSync(SERVICE_ACCOUNT, { recursive: true })
  writeFileSync(`${SERVICE_ACCOUNT}/token`, 'token')
  writeFileSync(`${SERVICE_ACCOUNT}/ca.crt`, FIRST.cert)
}

async function main(): Promise<void> {
  const cable = layCable()
  writeServiceAccount()
  const imported = `await import(${JSON.stringify(PROGRAM)})`
  const worker = `new (await import('node:worker_threads')).Worker('setInterval(() => {}, 1e6)', { eval: true })`
  const rows = {
    'bare Node': await floor('0'),
    'bundle imported': await floor(imported),
    'and a worker': await floor(`${imported}; ${worker}`),
    'speaker, no Service': await measure(0),
    [`speaker, ${SERVICES} Services`]: await measure(SERVICES),
  }
  console.log(`it holds all addresses; idle for ${IDLE_MS / 1000} s; Node ${process.version}`)
  console.table(rows)
  cable.remove()
}

if (process.env[INSIDE] === 'server') await serve(SERVICES)
else if (process.env[INSIDE] !== undefined) await main()
else {
  const command = [process.execPath, '--import', 'tsx', SELF, String(SERVICES)]
  const env = { ...process.env, [INSIDE]: 'main' }
  process.exitCode =
    spawnSync('unshare', [...unshareOptions(), '--', ...command], { stdio: 'inherit', env }).status ?? 1
}
