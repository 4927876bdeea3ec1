// What access to the API server costs: calls on one connection, the first list of many Services, a burst of changes.
// Against a fake server in a process of its own, so that memory and delays are the client's alone.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import { ApiClient } from '../src/kube/client.ts'
import { SERVICES } from '../src/kube/collections.ts'
import { Reflector } from '../src/kube/reflector.ts'
import { pathOf } from '../src/kube/resource.ts'
import { FakeApiServer } from '../test/kube/fake-api-server.ts'
import { Figures, OURS } from './figures.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const CALLS = 300
const CHANGES = 1000
const SETTINGS = settings({ services: 10_000 })

/** About 700 bytes, as a Service of a Deployment is. */
function service(index: number, round: number): object {
  const name = `service-${index}`
  return {
    metadata: {
      namespace: 'default',
      name,
      labels: {
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/managed-by': 'bench',
        round: String(round),
      },
      annotations: { 'metallb.io/ip-allocated-from-pool': 'first-pool' },
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 30_000 }],
      selector: { 'app.kubernetes.io/name': name },
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      externalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      allocateLoadBalancerNodePorts: true,
    },
    status: { loadBalancer: { ingress: [{ ip: '172.25.254.50', ipMode: 'VIP' }] } },
  }
}

async function serve(count: number): Promise<void> {
  const server = new FakeApiServer()
  await server.start()
  for (let index = 0; index < count; index++) server.set('services', service(index, 0))
  process.on('message', (message) => {
    if (message === 'change') {
      for (let index = 0; index < CHANGES; index++) server.set('services', service(index % count, 1 + index))
    }
    process.send?.(server.connections)
  })
  process.on('disconnect', () => process.exit())
  process.send?.(server.url)
}

const figures = new Figures({
  call: { what: `${CALLS} calls, each`, unit: 'ms' },
  connections: { what: `connections for ${CALLS} calls`, unit: '' },
  before: { what: 'memory before', unit: 'MB' },
  synced: { what: `${SETTINGS.services} Services, until synced`, unit: 'ms' },
  delay: { what: 'longest delay of the loop meanwhile', unit: 'ms' },
  after: { what: 'memory after', unit: 'MB' },
  changes: { what: `${CHANGES} changes, until seen`, unit: 'ms' },
  all: { what: 'connections in all', unit: '' },
})

async function measure(count: number): Promise<void> {
  const child = fork(import.meta.filename, process.argv.slice(2))
  const [url] = (await once(child, 'message')) as [string]
  const ask = async (message: string): Promise<number> => {
    child.send(message)
    return ((await once(child, 'message')) as [number])[0]
  }
  const access = { headers: {}, tls: {} }
  const client = new ApiClient({ server: url, access: async () => access, forget: () => undefined })

  const path = pathOf(SERVICES, { namespace: 'default', name: 'service-0' })
  const calling = performance.now()
  for (let call = 0; call < CALLS; call++) await client.request({ path })
  figures.add('call', OURS, (performance.now() - calling) / CALLS)
  figures.add('connections', OURS, await ask('connections'))

  let changes = 0
  let seen = (): void => undefined
  const reflector = new Reflector(
    { client, log: pino({ level: 'silent' }) },
    {
      resource: SERVICES,
      onChange: () => {
        if (++changes === count + CHANGES) seen()
      },
    },
  )
  figures.add('before', OURS, megabytes())
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const syncing = performance.now()
  reflector.start()
  await reflector.synced
  figures.add('synced', OURS, performance.now() - syncing)
  figures.add('delay', OURS, delay.max / 1e6)
  figures.add('after', OURS, megabytes())

  const all = new Promise<void>((resolve) => (seen = resolve))
  const changing = performance.now()
  await ask('change')
  await all
  figures.add('changes', OURS, performance.now() - changing)
  figures.add('all', OURS, await ask('connections'))

  await reflector.stop()
  client.stop()
  child.disconnect()
  conclude('reflector', SETTINGS, figures)
}

function megabytes(): number {
  return Math.round(process.memoryUsage.rss() / 1024 ** 2)
}

await (process.send ? serve(SETTINGS.services) : measure(SETTINGS.services))
