// How long the pure allocator takes for one Service, and for another configuration.
//   node --import tsx bench/allocator.ts
import type { IPAddressPool, Service } from '../src/api/index.ts'
import { configure, createState, forget, reconcileService, registerAll } from '../src/allocator/index.ts'
import { type Configuration, readConfiguration } from '../src/config/index.ts'

const TIMED = 3000

function pools(addresses: string[], spec: object = {}): Configuration {
  const pool: IPAddressPool = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'p' },
    spec: { addresses, ...spec },
  }
  return readConfiguration({ pools: [pool], advertisements: [], namespaces: [], reserved: [] })
}

function service(index: number, clusterIP: string): Service {
  return {
    metadata: { namespace: 'default', name: `s${index}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      type: 'LoadBalancer',
      clusterIPs: [clusterIP],
      ports: [{ port: 80 }],
      selector: { app: `s${index}` },
    },
  }
}

/** Microseconds for one assignment when `used` are taken; `gaps`: every so many of these are freed again. */
function assignment(configuration: Configuration, clusterIP: string, used: number, gaps = Infinity): number {
  const state = createState(configuration, null)
  for (let index = 0; index < used; index++) reconcileService(state, service(index, clusterIP))
  for (let index = gaps; index < used; index += gaps) forget(state, `default/s${index}`)
  const services = Array.from({ length: TIMED }, (_, index) => service(used + index, clusterIP))
  const start = performance.now()
  for (const object of services) reconcileService(state, object)
  return ((performance.now() - start) * 1000) / TIMED
}

function reconfiguration(services: number): number {
  const state = createState(pools(['10.0.0.0/16']), null)
  const objects = Array.from({ length: services }, (_, index) => service(index, '10.96.0.1'))
  for (const key of registerAll(state, objects)) {
    const object = objects[Number(key.slice('default/s'.length))]
    if (object !== undefined) reconcileService(state, object)
  }
  const start = performance.now()
  configure(state, pools(['10.0.0.0/15']))
  return performance.now() - start
}

assignment(pools(['10.0.0.0/16']), '10.96.0.1', 1000) // warms the compiler
const four = '10.96.0.1'
const rows = {
  'IPv4 /16, empty': assignment(pools(['10.0.0.0/16']), four, 0),
  'IPv4 /16, 60,000 in use': assignment(pools(['10.0.0.0/16']), four, 60_000),
  'IPv4 /16, 60,000 in use, each 8th freed': assignment(pools(['10.0.0.0/16']), four, 60_000, 8),
  'IPv4 /8, avoidBuggyIPs': assignment(pools(['10.0.0.0/8'], { avoidBuggyIPs: true }), four, 0),
  'IPv6 /64, empty': assignment(pools(['fd00::/64']), 'fd00:96::1', 0),
  'IPv4, 10,000 ranges of 4': assignment(
    pools(Array.from({ length: 10_000 }, (_, index) => `10.${index >> 8}.${index & 255}.4/30`)),
    four,
    0,
  ),
}
console.table(
  Object.fromEntries(Object.entries(rows).map(([what, us]) => [what, { 'µs each': Number(us.toFixed(2)) }])),
)
console.log(`another configuration with 10,000 Services: ${reconfiguration(10_000).toFixed(1)} ms`)
