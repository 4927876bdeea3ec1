// How fast the pure allocator is, with the objects that the API server would show and every write shown at once.
//   npx esbuild bench/allocator.ts --bundle --platform=node --format=esm | node --input-type=module
import type { IPAddressPool, Service } from '../src/api/index.ts'
import {
  type AllocatorState,
  configure,
  createState,
  forget,
  reconcileService,
} from '../src/allocator/index.ts'
import { type Configuration, readConfiguration } from '../src/config/index.ts'
import { formatAddress } from '../src/ip/index.ts'

const SLASH_16 = 65_536
const TIMED = 3000
const TRIALS = 5

function pools(addresses: string[], spec: object = {}): Configuration {
  const pool: IPAddressPool = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'p' },
    spec: { addresses, ...spec },
  }
  return readConfiguration({ pools: [pool], advertisements: [], namespaces: [], reserved: [] })
}

function services(first: number, count: number, clusterIP = '10.96.0.1'): Service[] {
  return Array.from({ length: count }, (_, index) => ({
    metadata: {
      namespace: 'default',
      name: `s${first + index}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      type: 'LoadBalancer',
      clusterIPs: [clusterIP],
      ports: [{ port: 80 }],
      selector: { app: `s${first + index}` },
    },
  }))
}

/** CPU time, as other programs run on the same machine. */
function microseconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Assignments a second. */
function rate(state: AllocatorState, objects: readonly Service[]): number {
  const us = microseconds(() => {
    for (const object of objects) {
      if (reconcileService(state, object).write !== 'assign')
        throw new Error(`${object.metadata?.name}: nothing`)
    }
  })
  return Math.round((objects.length * 1e6) / us)
}

/** How many objects a second are found to show what they should, as after each write and at a restart. */
function lookRate(state: AllocatorState, objects: readonly Service[]): number {
  const written = objects.map((object) => {
    const { addresses, pool, finding } = reconcileService(state, object)
    const ingress = addresses.map((address) => ({ ip: formatAddress(address), ipMode: 'VIP' }))
    const condition = { type: 'typemetal.io/Allocated', reason: '', message: '', status: '', ...finding }
    return {
      metadata: { ...object.metadata, annotations: { 'metallb.io/ip-allocated-from-pool': pool ?? '' } },
      spec: object.spec ?? {},
      status: { loadBalancer: { ingress }, conditions: [{ ...condition, lastTransitionTime: '' }] },
    }
  })
  const us = microseconds(() => {
    for (const object of written) {
      if (reconcileService(state, object).write !== 'none')
        throw new Error(`${object.metadata.name}: written twice`)
    }
  })
  return Math.round((objects.length * 1e6) / us)
}

function filled(configuration: Configuration, used: number): AllocatorState {
  const state = createState(configuration, null)
  for (const object of many.slice(0, used)) reconcileService(state, object)
  return state
}

/** The same, under one sharing key. */
function sharing(objects: readonly Service[], portOf: (index: number) => number): Service[] {
  return objects.map(({ metadata, spec }, index) => ({
    metadata: { ...metadata, annotations: { 'metallb.io/allow-shared-ip': 'key' } },
    spec: { ...spec, ports: [{ port: portOf(index) }] },
  }))
}

// Made once, as they would lie in the copy of the cluster: they are not the allocator's garbage.
const many = services(0, SLASH_16)
const few = many.slice(0, 20_000)
const late = services(SLASH_16, TIMED)
const samePort = sharing(few, () => 80)
const otherPorts = sharing(few, (index) => index + 1)
const onIPv6 = services(0, 20_000, 'fd00:96::1')

function withGaps(state: AllocatorState, used: number, every: number): AllocatorState {
  for (let index = every; index < used; index += every) forget(state, `default/s${index}`)
  return state
}

function reconfiguration(count: number): number {
  const state = filled(pools(['10.0.0.0/16']), count)
  return microseconds(() => configure(state, pools(['10.0.0.0/15']))) / 1000
}

/** The floor: as many numbers put into a bare Map, which a ledger of who has what cannot do without. */
function mapRate(count: number): number {
  const us = microseconds(() => {
    const held = new Map<bigint, { address: bigint }>()
    for (let value = 0n; value < count; value++) held.set(value, { address: value })
  })
  return Math.round((count * 1e6) / us)
}

const slash16 = (): Configuration => pools(['10.0.0.0/16'])
const mostly = Math.round(SLASH_16 * 0.95)
const rows: Readonly<Record<string, () => number>> = {
  'floor: a bare Map of as many': () => mapRate(SLASH_16),
  'IPv4 /16, empty, 65,536 Services': () => rate(filled(slash16(), 0), many),
  'IPv4 /16, 95 % in use': () => rate(filled(slash16(), mostly), late),
  'IPv4 /16, 95 % in use, each 8th freed': () => rate(withGaps(filled(slash16(), mostly), mostly, 8), late),
  'IPv4 /8, avoidBuggyIPs': () => rate(filled(pools(['10.0.0.0/8'], { avoidBuggyIPs: true }), 0), few),
  'IPv6 /64': () => rate(filled(pools(['fd00::/64']), 0), onIPv6),
  'IPv4 /16, nothing to do': () => lookRate(filled(slash16(), 0), many),
  'IPv4 /16, one sharing key, one port': () => rate(filled(slash16(), 0), samePort),
  'IPv4 /16, one sharing key, one address': () => rate(filled(slash16(), 0), otherPorts),
  'IPv4, 10,000 ranges of 4': () =>
    rate(filled(pools(Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/30`)), 0), few),
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** Of all rows in turn, so that what else the machine does is the same for all; the first, which compiles, is left out. */
const trials = Array.from({ length: TRIALS + 1 }, () => Object.values(rows).map((row) => row())).slice(1)
const rates = Object.keys(rows).map((_, index) => median(trials.map((row) => row[index] ?? NaN)))
const [floor = NaN] = rates
console.table(
  Object.fromEntries(
    Object.keys(rows).map((what, index) => {
      const perSecond = rates[index] ?? NaN
      return [
        what,
        { 'assignments/s': perSecond, 'of the floor, %': Number(((100 * perSecond) / floor).toFixed(1)) },
      ]
    }),
  ),
)
const reconfigurations = Array.from({ length: TRIALS }, () => reconfiguration(10_000))
console.log(`another configuration with 10,000 Services: ${median(reconfigurations).toFixed(1)} ms of CPU`)
