// What the status API shows of pools.

import { type AllocatorState, poolReports, poolUsage, servicesByPool } from '../allocator/index.ts'
import { ANNOUNCED_CONDITION, type IPAddressPool } from '../api/index.ts'
import { type Address, type Family, formatAddress, type Range } from '../ip/index.ts'
import type {
  AddressView,
  Collection,
  ConflictView,
  PoolDetail,
  PoolView,
  RangeView,
  StatusSource,
  WithheldRange,
} from '../status/index.ts'
import type { ControllerView } from './controller.ts'
import { forecastOf } from './forecast.ts'

/** Reads `view` anew at each question. */
export function poolSource(view: () => ControllerView): StatusSource['pools'] {
  const figures = figuresOf(view)
  const objectOf = (name: string): IPAddressPool | undefined => view().pools.get(name)
  return {
    keys({ state }) {
      const names = [...view().pools.keys()].sort()
      return state === undefined ? names : names.filter((name) => stateOf(view(), name) === state)
    },
    view(name) {
      const object = objectOf(name)
      return object && poolView(view(), object, figures())
    },
    detail(name) {
      const object = objectOf(name)
      return object && poolDetail(view(), object, figures())
    },
    addresses: (name) => (objectOf(name) === undefined ? undefined : addressesOf(view(), name)),
  }
}

interface Figures {
  readonly usage: ReturnType<typeof poolUsage>
  readonly services: ReturnType<typeof servicesByPool>
}

/** Counting costs as much for one pool as for all of them: done once for all that is asked between two changes. */
function figuresOf(view: () => ControllerView): () => Figures {
  let counted: Figures | undefined
  let at: { state: AllocatorState | undefined; revision: number; time: number } | undefined
  return () => {
    const { state, overview } = view()
    const { revision } = overview.changes
    const time = performance.now()
    if (
      counted === undefined ||
      at?.state !== state ||
      at?.revision !== revision ||
      time - at.time > OLDEST_MS
    ) {
      counted = {
        usage: state === undefined ? new Map() : poolUsage(state),
        services: state === undefined ? new Map() : servicesByPool(state),
      }
      at = { state, revision, time }
    }
    return counted
  }
}

const OLDEST_MS = 1000

function stateOf({ state }: ControllerView, name: string): PoolView['state'] {
  if (state?.configuration.refusedPools.has(name)) return 'Refused'
  return state?.configuration.pools.get(name)?.drain ? 'Draining' : 'Accepted'
}

function poolView(view: ControllerView, { metadata, spec }: IPAddressPool, figures: Figures): PoolView {
  const { name = '' } = metadata
  const refusal = view.state?.configuration.refusals.find(
    ({ object }) => object.kind === 'IPAddressPool' && object.name === name,
  )
  const usage = figures.usage.get(name)
  return {
    name,
    addresses: spec.addresses,
    autoAssign: spec.autoAssign ?? true,
    state: stateOf(view, name),
    ...(refusal && { reason: refusal.reason, message: refusal.message }),
    services: figures.services.get(name) ?? 0,
    assignedIPv4: String(usage?.IPv4.inUse ?? 0n),
    assignedIPv6: String(usage?.IPv6.inUse ?? 0n),
    availableIPv4: String(usage?.IPv4.available ?? 0n),
    availableIPv6: String(usage?.IPv6.available ?? 0n),
  }
}

function poolDetail(view: ControllerView, object: IPAddressPool, figures: Figures): PoolDetail {
  const { name = '' } = object.metadata
  const { state } = view
  const pool = state?.configuration.pools.get(name)
  const readable = state?.configuration.refusedPools.get(name)?.addresses ?? []
  const conditions = (state && poolReports(state).get(name)?.conditions) ?? []
  const exhaustion = soonest(view, name, figures)
  return {
    ...poolView(view, object, figures),
    ranges: [...(pool?.ranges ?? readable)].map(rangeView),
    withheld: [
      ...[...(pool?.excluded ?? [])].map((range): WithheldRange => ({
        ...rangeView(range),
        because: 'excluded',
      })),
      ...(pool?.reserved ?? []).map(({ range, owner }): WithheldRange => ({
        ...rangeView(range),
        because: 'reserved',
        owner,
      })),
    ],
    conditions: conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
    conflicts: conflictsOf(view, name),
    ...(exhaustion !== undefined && { exhaustion }),
  }
}

function soonest(view: ControllerView, pool: string, { usage }: Figures): PoolDetail['exhaustion'] {
  const forecasts = (['IPv4', 'IPv6'] as const).flatMap((family) => {
    const created = assignmentsOf(view, pool)
      .filter(({ addresses }) => addresses.some((address) => address.family === family))
      .map(({ request }) => request.createdAt)
    const available = usage.get(pool)?.[family].available ?? 0n
    return forecastOf({ family, created, available, now: Date.now() }) ?? []
  })
  return forecasts.sort((a, b) => (a.at < b.at ? -1 : 1))[0]
}

function assignmentsOf({ state }: ControllerView, name: string) {
  return [...(state?.assignments.values() ?? [])].filter(({ pool }) => pool === name)
}

function rangeView({ family, first, last }: Range): RangeView {
  return { first: formatAddress({ family, value: first }), last: formatAddress({ family, value: last }) }
}

/** Of the Services with an address of the pool, those whose holder found somebody else with it. */
function conflictsOf(view: ControllerView, pool: string): ConflictView[] {
  return assignmentsOf(view, pool).flatMap(({ request: { service } }) => {
    const { metadata, status } = view.services.get(service) ?? {}
    const announced = status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION)
    if (announced?.reason !== 'AddressConflict') return []
    return [{ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', message: announced.message }]
  })
}

function addressesOf(view: ControllerView, pool: string): Collection<AddressView, object> {
  const found = new Map<string, { address: Address; services: string[] }>()
  for (const { addresses, request } of assignmentsOf(view, pool)) {
    for (const address of addresses) {
      const entry = found.get(sortKey(address))
      if (entry === undefined) found.set(sortKey(address), { address, services: [request.service] })
      else entry.services.push(request.service)
    }
  }
  return {
    keys: () => [...found.keys()].sort(),
    view(key) {
      const entry = found.get(key)
      return entry && { ip: formatAddress(entry.address), services: entry.services.sort() }
    },
  }
}

const DIGITS: Readonly<Record<Family, number>> = { IPv4: 8, IPv6: 32 }

/** Sorts as text like the addresses, IPv4 first. */
function sortKey({ family, value }: Address): string {
  return `${family} ${value.toString(16).padStart(DIGITS[family], '0')}`
}
