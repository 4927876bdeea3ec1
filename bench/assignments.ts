// Services made by the thousand, and what the API server shows of them: when each got its address, and how often it was
// written. And the floor of all that: the same writes by a loop that does nothing else.

import { pino } from 'pino'
import type { Service } from '../src/api/index.ts'
import { servicePatch } from '../src/controller/service-patch.ts'
import {
  ApiClient,
  loadCredentials,
  pathOf,
  ENDPOINT_SLICES,
  Reflector,
  SERVICES,
  timestamp,
} from '../src/kube/index.ts'
import { bareService, eventually } from '../test/e2e/cluster.ts'

/** As many requests at a time as the controller has. */
const CONCURRENCY = 16
const FLOOR_CLASS = 'bench.example/floor'
const ADDRESS = { family: 'IPv4', value: 0x0a_08_00_01n } as const
const DEADLINE_MS = 600_000

const client = new ApiClient(await loadCredentials())
const collection = pathOf(SERVICES, { namespace: 'default' })

interface Seen {
  readonly createdAt: number
  /** 0: not yet. */
  assignedAt: number
  /** Versions after the first: writes of whoever. */
  writes: number
}

const seen = new Map<string, Seen>()
let waitingFor = (): void => undefined
const watch = new Reflector<Service>(
  { client, log: pino({ level: 'silent' }) },
  {
    resource: SERVICES,
    namespace: 'default',
    onChange: (key, service, before) => {
      const entry = seen.get(key)
      if (service === undefined || entry === undefined) return
      if (before !== undefined) entry.writes += 1
      if (service.status?.loadBalancer?.ingress === undefined || entry.assignedAt > 0) return
      entry.assignedAt = performance.now()
      waitingFor()
    },
  },
)

export async function watchServices(): Promise<void> {
  watch.start()
  await watch.synced
}

export async function stopWatching(): Promise<void> {
  await watch.stop()
  client.stop()
}

export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

export function seenOf(names: readonly string[]): Seen[] {
  return names.map((name) => seen.get(`default/${name}`)).filter((entry) => entry !== undefined)
}

/** Resolves when all of them have an address. */
export async function allAssigned(names: readonly string[]): Promise<void> {
  const entries = seenOf(names)
  let missing = entries.filter(({ assignedAt }) => assignedAt === 0).length
  if (missing === 0) return
  await new Promise<void>((resolve, reject) => {
    const late = (): void =>
      reject(new Error(`${names[0]}…: not all assigned in ${DEADLINE_MS / 60_000} minutes`))
    const timer = setTimeout(late, DEADLINE_MS)
    waitingFor = () => {
      missing = entries.filter(({ assignedAt }) => assignedAt === 0).length
      if (missing > 0) return
      clearTimeout(timer)
      waitingFor = () => undefined
      resolve()
    }
  })
}

/** One that nobody but the controller has any work with. */
export async function create(name: string): Promise<Service> {
  seen.set(`default/${name}`, { createdAt: performance.now(), assignedAt: 0, writes: 0 })
  return client.request<Service>({ method: 'POST', path: collection, body: bareService(name) })
}

/** With an endpoint on node-1, so that speakers announce them; kube-proxy has no work with these either. */
export async function createAnnounced(all: readonly string[]): Promise<void> {
  const path = pathOf(ENDPOINT_SLICES, { namespace: 'default' })
  await atOnce(all, async (name) => {
    const labels = {
      'kubernetes.io/service-name': name,
      'service.kubernetes.io/service-proxy-name': 'nobody',
    }
    const endpoints = [{ addresses: ['10.244.1.250'], conditions: { ready: true }, nodeName: 'node-1' }]
    const body = { metadata: { name, labels }, addressType: 'IPv4', endpoints, ports: [{ port: 80 }] }
    await client.request({ method: 'POST', path, body })
    await create(name)
  })
}

export async function createAll(all: readonly string[]): Promise<void> {
  await atOnce(all, create)
}

/** And for the floor: not even the controller has any work with it. */
export async function createForFloor(name: string): Promise<Service> {
  const { spec, ...rest } = bareService(name) as { spec: object }
  const body = { ...rest, spec: { ...spec, loadBalancerClass: FLOOR_CLASS } }
  return client.request<Service>({ method: 'POST', path: collection, body })
}

/** Works on all of them, so many at a time; resolves with the seconds that it took. */
export async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> {
  const waiting = items.toReversed()
  const start = performance.now()
  const lane = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
  return (performance.now() - start) / 1000
}

/** The write of an assignment. */
export async function barePatch(service: Service): Promise<void> {
  const message = 'it has "10.8.0.1" of pool "bench"'
  const finding = { status: 'True', reason: 'Allocated', message } as const
  const decision = { write: 'assign', addresses: [ADDRESS], pool: 'bench', finding } as const
  await client.request(servicePatch(service, decision, timestamp()))
}

/** And the event that goes with it. */
export async function bareEvent({ metadata }: Service): Promise<void> {
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
  const path = pathOf({ ...SERVICES, plural: 'events' }, { namespace })
  await client.request({ method: 'POST', path, body })
}

/** Waits until so many more events are there, lest they run into the next measurement; not for ever, as not all tell. */
export async function eventsTold(before: number, more: number): Promise<void> {
  const limitMs = 30_000
  await eventually('events', async () => (await eventCount()) >= before + more, limitMs).catch(
    () => undefined,
  )
}

export async function eventCount(): Promise<number> {
  interface List {
    items: readonly unknown[]
    metadata: { remainingItemCount?: number }
  }
  const path = pathOf({ ...SERVICES, plural: 'events' }, { namespace: 'default' })
  const { items, metadata } = await client.request<List>({ path, query: { limit: 1 } })
  return items.length + (metadata.remainingItemCount ?? 0)
}

/** Lists all Services, page by page, as a program that starts does. */
export async function bareList(): Promise<void> {
  for (let next: string | undefined = ''; next !== undefined;) {
    const query: Record<string, string | number> = { limit: 500, ...(next && { continue: next }) }
    const page: { metadata: { continue?: string } } = await client.request({ path: collection, query })
    next = page.metadata.continue || undefined
  }
}
