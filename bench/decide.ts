// How fast the pure allocator is, with the objects that the API server would show and every write shown at once.
// The floor: as many numbers put into a bare Map, which a ledger of who has what cannot do without.
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
import { Figures, OURS } from './figures.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SLASH_16 = 65_536
const TIMED = 3000
const SETTINGS = settings({ trials: 5 })

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

function mapRate(count: number): number {
  const us = microseconds(() => {
    const held = new Map<bigint, { address: bigint }>()
    for (let value = 0n; value < count; value++) held.set(value, { address: value })
  })
  return Math.round((count * 1e6) / us)
}

const slash16 = (): Configuration => pools(['10.0.0.0/16'])
const mostly = Math.round(SLASH_16 * 0.95)
const manyRanges = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/30`)

const quantities = {
  empty: { what: 'into an empty /16, 65,536 Services', unit: '/s', goal: 'at least 200,000' },
  full: { what: 'into a /16 that is 95 % full', unit: '/s', goal: 'a third of the empty one' },
  gaps: { what: 'into a /16 that is 95 % full, each 8th freed', unit: '/s' },
  buggy: { what: 'into a /8, avoidBuggyIPs', unit: '/s' },
  ipv6: { what: 'into an IPv6 /64', unit: '/s' },
  look: { what: 'nothing to do, 65,536 Services', unit: '/s' },
  onePort: { what: 'one sharing key, one port', unit: '/s' },
  oneAddress: { what: 'one sharing key, one address', unit: '/s' },
  ranges: { what: 'into 10,000 ranges of 4', unit: '/s' },
  configure: { what: 'another configuration, 10,000 Services', unit: 'ms of CPU', goal: 'below 50' },
} as const
const figures = new Figures(quantities)
const FLOOR = 'floor: a bare Map'

const measurements: Readonly<Record<keyof typeof quantities, () => number>> = {
  empty: () => rate(filled(slash16(), 0), many),
  full: () => rate(filled(slash16(), mostly), late),
  gaps: () => rate(withGaps(filled(slash16(), mostly), mostly, 8), late),
  buggy: () => rate(filled(pools(['10.0.0.0/8'], { avoidBuggyIPs: true }), 0), few),
  ipv6: () => rate(filled(pools(['fd00::/64']), 0), onIPv6),
  look: () => lookRate(filled(slash16(), 0), many),
  onePort: () => rate(filled(slash16(), 0), samePort),
  oneAddress: () => rate(filled(slash16(), 0), otherPorts),
  ranges: () => rate(filled(pools(manyRanges), 0), few),
  configure: () => reconfiguration(10_000),
}

// All in turn, so that what else the machine does is the same for all; the first round, which compiles, does not count.
for (let trial = 0; trial <= SETTINGS.trials; trial++) {
  const floor = mapRate(SLASH_16)
  if (trial > 0) figures.add('empty', FLOOR, floor)
  for (const name of Object.keys(quantities) as (keyof typeof quantities)[]) {
    const value = measurements[name]()
    if (trial > 0) figures.add(name, OURS, value)
  }
}
conclude('decide', SETTINGS, figures)
