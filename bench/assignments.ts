// How fast Services get their addresses, and what the controller costs: the built program against a real API server.
//   npm run build && npm run sandbox -- exec -- node --import tsx bench/assignments.ts [SERVICES]     10,000 unless said
// The floor is a bare loop of the same requests, as many at a time, by turns with the controller: what else the machine
// does, and how slow the API server becomes with all that it holds, is the same for both.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { Service } from '../src/api/index.ts'
import { servicePatch } from '../src/controller/service-patch.ts'
import { ApiClient, loadCredentials, pathOf, Reflector, SERVICES, timestamp } from '../src/kube/index.ts'

const COUNT = Number(process.argv[2] ?? 10_000)
const TRIALS = 5
/** Of a trial. */
const PART = Math.ceil(COUNT / TRIALS)
const FLOOR_CLASS = 'bench.example/floor'
/** Created while the controller runs: the API server takes its time. */
const LIVE = Math.min(COUNT, 1000)
const CONCURRENCY = 16
const PACED_PER_S = 20
const PACED = 400
const NAMESPACE = 'metallb-system'
const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const TICKS_PER_S = 100
const POOL = `
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: bench, namespace: ${NAMESPACE} }
spec: { addresses: [10.7.0.0/16] }
`

const client = new ApiClient(await loadCredentials())
const collection = pathOf(SERVICES, { namespace: 'default' })

interface Seen {
  createdAt: number
  assignedAt: number
  /** Versions after the first: writes of whoever. */
  writes: number
}

const seen = new Map<string, Seen>()
const watch = new Reflector<Service>(
  { client, log: pino({ level: 'silent' }) },
  {
    resource: SERVICES,
    namespace: 'default',
    onChange: (key, service, before) => {
      const entry = seen.get(key)
      if (service === undefined || entry === undefined) return
      if (before !== undefined) entry.writes += 1
      if (service.status?.loadBalancer?.ingress !== undefined && entry.assignedAt === 0) {
        entry.assignedAt = performance.now()
      }
    },
  },
)

/** Works on all of them, so many at a time; resolves with the seconds that it took. */
async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> {
  const waiting = items.toReversed()
  const start = performance.now()
  const lane = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
  return (performance.now() - start) / 1000
}

/** One that nobody but the controller has any work with; of a foreign class not even that. */
async function create(name: string, loadBalancerClass?: string): Promise<Service> {
  seen.set(`default/${name}`, { createdAt: performance.now(), assignedAt: 0, writes: 0 })
  const labels = { bench: 'yes', 'service.kubernetes.io/service-proxy-name': 'nobody' }
  const spec = {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    ports: [{ port: 80 }],
    ...(loadBalancerClass && { loadBalancerClass }),
  }
  const body = { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec }
  return client.request<Service>({ method: 'POST', path: collection, body })
}

const ADDRESS = { family: 'IPv4', value: 0x0a_08_00_01n } as const

async function barePatch(service: Service): Promise<void> {
  const finding = {
    status: 'True',
    reason: 'Allocated',
    message: 'it has "10.8.0.1" of pool "bench"',
  } as const
  const decision = { write: 'assign', addresses: [ADDRESS], pool: 'bench', finding } as const
  await client.request(servicePatch(service, decision, timestamp()))
}

async function bareEvent({ metadata }: Service): Promise<void> {
  const { name = '', namespace = '', uid } = metadata ?? {}
  const body = {
    metadata: { name: `${name}.bench`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Service', name, namespace, uid },
    type: 'Normal',
    reason: 'IPAllocated',
    message: 'Assigned IP ["10.8.0.1"]',
    count: 1,
    firstTimestamp: timestamp(),
    lastTimestamp: timestamp(),
    source: { component: 'bench' },
  }
  await client.request({
    method: 'POST',
    path: pathOf({ ...SERVICES, plural: 'events' }, { namespace }),
    body,
  })
}

async function made(all: readonly string[], loadBalancerClass?: string): Promise<Service[]> {
  const services: Service[] = []
  await atOnce(all, async (name) => services.push(await create(name, loadBalancerClass)))
  return services
}

/** Services a second of the floor: patches alone, and each with its event. */
async function floor(prefix: string): Promise<{ patches: number; both: number }> {
  const patched = await made(names(`${prefix}-patched`, PART), FLOOR_CLASS)
  const told = await made(names(`${prefix}-told`, PART), FLOOR_CLASS)
  const patches = PART / (await atOnce(patched, barePatch))
  const both = async (service: Service): Promise<void> => {
    await barePatch(service)
    await bareEvent(service)
  }
  return { patches, both: PART / (await atOnce(told, both)) }
}

/** Services a second of the controller. It lies still while they are created, so that they all wait for it. */
async function burst(prefix: string): Promise<number> {
  controller.kill('SIGSTOP')
  await made(names(prefix, PART))
  const events = await eventCount()
  const start = performance.now()
  controller.kill('SIGCONT')
  await until(() => entriesOf(prefix).every(({ assignedAt }) => assignedAt > 0))
  const seconds = (Math.max(...entriesOf(prefix).map(({ assignedAt }) => assignedAt)) - start) / 1000
  while ((await eventCount()) < events + PART) await sleep(500) // lest they run into the next trial
  return PART / seconds
}

async function eventCount(): Promise<number> {
  const path = pathOf({ ...SERVICES, plural: 'events' }, { namespace: 'default' })
  const { items, metadata } = await client.request<EventCount>({ path, query: { limit: 1 } })
  return items.length + (metadata.remainingItemCount ?? 0)
}

interface EventCount {
  items: readonly unknown[]
  metadata: { remainingItemCount?: number }
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

function startController(): ChildProcess {
  const flags = [
    `--namespace=${NAMESPACE}`,
    '--port=0',
    '--loopback-port=0',
    '--health-probe-port=0',
    '--log-level=error',
    '--lease=false',
  ]
  return spawn(process.execPath, [PROGRAM, 'controller', ...flags], { stdio: 'inherit' })
}

async function end(program: ChildProcess): Promise<void> {
  program.kill('SIGTERM')
  await once(program, 'exit')
}

function cost({ pid }: ChildProcess): { cpuS: number; rssMB: number; peakMB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string): number =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1000
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const cpuS = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
  return { cpuS, rssMB: megabytes('VmRSS'), peakMB: megabytes('VmHWM') }
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 900_000; !condition();) {
    if (performance.now() > deadline) throw new Error('it has not come to that in 15 minutes')
    await sleep(100)
  }
}

function entriesOf(prefix: string): Seen[] {
  return [...seen].filter(([key]) => key.startsWith(`default/${prefix}-`)).map(([, entry]) => entry)
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN
}

/** At a leisurely pace, one after the other: how long each takes, ms. */
async function paced(prefix: string, work: (name: string) => Promise<number>): Promise<number[]> {
  const results: Promise<number>[] = []
  for (const name of names(prefix, PACED)) {
    results.push(work(name))
    await sleep(1000 / PACED_PER_S)
  }
  return Promise.all(results)
}

function table(title: string, rows: Record<string, number | string>): void {
  console.log(`\n${title}`)
  for (const [what, value] of Object.entries(rows)) {
    console.log(`  ${what.padEnd(62)} ${typeof value === 'number' ? Number(value.toFixed(2)) : value}`)
  }
}

function kubectl(args: string, input?: string): void {
  execFileSync('kubectl', args.split(' '), { stdio: [input ? 'pipe' : 'ignore', 'ignore', 'inherit'], input })
}

kubectl(`-n ${NAMESPACE} delete deployment controller --wait`)
kubectl(`-n ${NAMESPACE} delete daemonset speaker --wait`)
kubectl(`-n ${NAMESPACE} delete lease --all`)
kubectl('apply -f -', POOL)
watch.start()
await watch.synced

let controller = startController()
await sleep(5000)
const idle = cost(controller)
await end(controller)

controller = startController()
await sleep(5000)
await burst('warm')
const { cpuS } = cost(controller)
const trials: { ours: number; patches: number; both: number }[] = []
for (let trial = 0; trial < TRIALS; trial++) {
  trials.push({ ...(await floor(`floor-${trial}`)), ours: await burst(`burst-${trial}`) })
}
const assigned = cost(controller)
const share = (of: 'patches' | 'both'): number =>
  percentile(
    trials.map((trial) => (100 * trial.ours) / trial[of]),
    0.5,
  )
const each = (of: 'ours' | 'patches' | 'both'): string =>
  trials.map((trial) => trial[of].toFixed(0)).join(' ')
const bursts = entriesOf('burst')
table(`${TRIALS} times ${PART} Services that wait on a /16`, {
  'assignments a second, of each trial': each('ours'),
  'floor: patches, each with an event, a second': each('both'),
  'floor: patches alone, a second': each('patches'),
  'share of the floor, median, %': share('both'),
  'share of the patches alone, median, %': share('patches'),
  'CPU of the controller for each, with its event, ms': (1000 * (assigned.cpuS - cpuS)) / bursts.length,
  'writes for each': bursts.reduce((sum, { writes }) => sum + writes, 0) / bursts.length,
})
const pacedFrom = cost(controller)
const latencies = await paced('paced', async (name) => {
  await create(name)
  const entry = seen.get(`default/${name}`)
  const createdAt = performance.now()
  await until(() => (entry?.assignedAt ?? 0) > 0)
  return Math.max(0, (entry?.assignedAt ?? 0) - createdAt)
})
const pacedUntil = cost(controller)
const ownFrom = process.cpuUsage()
const floorLatencies = await paced('pacedfloor', async (name) => {
  const service = await create(name, FLOOR_CLASS)
  const start = performance.now()
  await barePatch(service)
  return performance.now() - start
})
const { user, system } = process.cpuUsage(ownFrom)
table(`${PACED_PER_S} creations a second, ms`, {
  'created to assigned, as the watch shows it, p50': percentile(latencies, 0.5),
  'created to assigned, p99': percentile(latencies, 0.99),
  'floor: the bare patch, p50': percentile(floorLatencies, 0.5),
  'floor: the bare patch, p99': percentile(floorLatencies, 0.99),
  'CPU of the controller for each, with its event': (1000 * (pacedUntil.cpuS - pacedFrom.cpuS)) / PACED,
  'floor: CPU of this program for each, with its creation': (user + system) / 1000 / PACED,
})

await end(controller)
const held = bursts.length + PART + PACED
const writesBefore = [...seen.values()].reduce((sum, { writes }) => sum + writes, 0)
const restartedAt = performance.now()
controller = startController()
await create('late')
const late = seen.get('default/late')
await until(() => (late?.assignedAt ?? 0) > 0)
const served = ((late?.assignedAt ?? 0) - restartedAt) / 1000
await sleep(5000)
const restarted = cost(controller)
const writes = [...seen.values()].reduce((sum, entry) => sum + entry.writes, 0) - writesBefore
table(`Restart with ${held} assigned Services`, {
  'from the start of the process to a new Service served, s': served,
  'writes of others’ Services': writes - 1,
  'CPU of the controller, s': restarted.cpuS,
  'peak memory, MB': restarted.peakMB,
})
table('Resident memory, MB', {
  'with no Service': idle.rssMB,
  [`with ${held - PACED}, after the bursts`]: assigned.rssMB,
  [`with ${held}, after a restart`]: restarted.rssMB,
  'floor: bare Node': floorMB('0'),
  'floor: the program imported': floorMB(
    `process.argv[2] = '--help'; await import(${JSON.stringify(PROGRAM)})`,
  ),
})

await atOnce(names('live', LIVE), (name) => create(name))
const createdAllAt = performance.now()
await until(() => entriesOf('live').every(({ assignedAt }) => assignedAt > 0))
const firstCreatedAt = Math.min(...entriesOf('live').map(({ createdAt }) => createdAt))
const lastAssignedAt = Math.max(...entriesOf('live').map(({ assignedAt }) => assignedAt))
table(`${LIVE} more, while the controller runs, ${CONCURRENCY} creations at a time`, {
  'creations a second': LIVE / ((createdAllAt - firstCreatedAt) / 1000),
  'assignments a second': LIVE / ((lastAssignedAt - firstCreatedAt) / 1000),
  'from the last creation to the last assignment, s': Math.max(0, lastAssignedAt - createdAllAt) / 1000,
  'CPU of the controller for each, ms': (1000 * (cost(controller).cpuS - restarted.cpuS)) / LIVE,
})
await end(controller)
await watch.stop()
client.stop()

/** Of a process that does nothing but `script`. */
function floorMB(script: string): number {
  const told = 'setTimeout(() => console.error(process.memoryUsage().rss / 1e6), 500)'
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `${script}; ${told}`], {
    encoding: 'utf8',
  })
  return Number(stderr)
}
