// One L2Advertisement, read and judged by itself. What follows from all of them for a Service: announcement.ts.
import type { L2Advertisement } from '../api/index.ts'
import { quote } from '../ip/index.ts'
import { firstDouble } from './doubles.ts'
import type { PoolReference } from './pool.ts'
import type { Problem } from './refusal.ts'
import { type Selector, parseSelectors, selects } from './selector.ts'

export interface Advertisement {
  readonly name: string
  /** With `poolSelectors` empty too: all pools. */
  readonly pools: ReadonlySet<string>
  readonly poolSelectors: readonly Selector[]
  /** Empty: all nodes. */
  readonly nodeSelectors: readonly Selector[]
  readonly preferences: readonly Preference[]
  /** Exact names; empty: all interfaces. */
  readonly interfaces: readonly string[]
  /** Empty: all Services. */
  readonly serviceSelectors: readonly Selector[]
}

export interface Preference {
  /** 1 to 100. */
  readonly weight: number
  readonly selector: Selector
}

export type ParsedAdvertisement = { readonly advertisement: Advertisement } | { readonly problem: Problem }

export function parseAdvertisement({ metadata, spec = {} }: L2Advertisement): ParsedAdvertisement {
  const { ipAddressPools = [], preferredNodeSelectors = [], interfaces = [] } = spec

  const double = firstDouble(ipAddressPools)
  if (double !== null) return refuse(`spec.ipAddressPools: ${quote(double)} stands twice`)
  const poolSelectors = parseSelectors('spec.ipAddressPoolSelectors', spec.ipAddressPoolSelectors)
  if ('problem' in poolSelectors) return refuse(poolSelectors.problem)
  const nodeSelectors = parseSelectors('spec.nodeSelectors', spec.nodeSelectors)
  if ('problem' in nodeSelectors) return refuse(nodeSelectors.problem)
  const serviceSelectors = parseSelectors('spec.serviceSelectors', spec.serviceSelectors)
  if ('problem' in serviceSelectors) return refuse(serviceSelectors.problem)
  const preferences: Preference[] = []
  for (const { weight, preference } of preferredNodeSelectors) {
    const parsed = parseSelectors('spec.preferredNodeSelectors', [preference])
    if ('problem' in parsed) return refuse(parsed.problem)
    preferences.push(...parsed.selectors.map((selector) => ({ weight, selector })))
  }
  return {
    advertisement: {
      name: metadata.name ?? '',
      pools: new Set(ipAddressPools),
      poolSelectors: poolSelectors.selectors,
      nodeSelectors: nodeSelectors.selectors,
      preferences,
      interfaces,
      serviceSelectors: serviceSelectors.selectors,
    },
  }
}

function refuse(message: string): ParsedAdvertisement {
  return { problem: { reason: 'InvalidAdvertisement', message } }
}

/** Whether the advertisement is for the pool: by name or by label, or because it names none at all. */
export function advertises({ pools, poolSelectors }: Advertisement, pool: PoolReference): boolean {
  if (pools.size === 0 && poolSelectors.length === 0) return true
  return pools.has(pool.name) || poolSelectors.some((selector) => selects(selector, pool.labels))
}
