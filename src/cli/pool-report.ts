// What is to be said of each pool: how full it is, whether it is used, who announces it. Pure.

import {
  type PoolReport as AllocatorReport,
  poolReports as allocatorReports,
  servicesByPool,
} from '../allocator/index.ts'
import type { IPAddressPool } from '../api/index.ts'
import { advertises } from '../config/index.ts'
import type { Cluster } from './cluster.ts'

/** Counts are decimal text: an IPv6 pool has more addresses than a JSON number can say. */
export interface FamilyCounts {
  /** What can be given out, held or not. */
  readonly total: string
  readonly used: string
  readonly free: string
}

export interface PoolReport {
  readonly name: string
  readonly addresses: readonly string[]
  readonly autoAssign: boolean
  readonly state: 'Accepted' | 'Draining' | 'Refused'
  readonly ipv4: FamilyCounts
  readonly ipv6: FamilyCounts
  /** How many Services have an address of it. */
  readonly services: number
  /** The advertisements that are for it, by name. */
  readonly advertisements: readonly string[]
  /** What its conditions say besides that all is well. */
  readonly remarks: readonly { readonly reason: string; readonly message: string }[]
}

/** Of all pools, by name. */
export function poolReports(cluster: Cluster): PoolReport[] {
  const reports = allocatorReports(cluster.allocation)
  const services = servicesByPool(cluster.allocation)
  return cluster.pools
    .map((pool) => {
      const name = pool.metadata.name ?? ''
      return poolReport(pool, cluster, reports.get(name), services.get(name) ?? 0)
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function poolReport(
  { metadata, spec }: IPAddressPool,
  { configuration }: Cluster,
  report: AllocatorReport | undefined,
  services: number,
): PoolReport {
  const { name = '', labels = {} } = metadata
  const counts = (family: 'IPv4' | 'IPv6'): FamilyCounts => {
    const { total = 0n, inUse = 0n, available = 0n } = report?.usage[family] ?? {}
    return { total: String(total), used: String(inUse), free: String(available) }
  }
  const conditions = report?.conditions ?? []
  const accepted = conditions.find(({ type }) => type === 'Accepted')
  return {
    name,
    addresses: spec.addresses,
    autoAssign: spec.autoAssign ?? true,
    state: accepted?.status !== 'True' ? 'Refused' : accepted.reason === 'Draining' ? 'Draining' : 'Accepted',
    ipv4: counts('IPv4'),
    ipv6: counts('IPv6'),
    services,
    advertisements: configuration.advertisements
      .filter((advertisement) => advertises(advertisement, { name, labels }))
      .map((advertisement) => advertisement.name)
      .sort(),
    remarks: conditions
      .filter(({ type, status, reason }) => (type === 'Accepted' ? reason !== 'Accepted' : status === 'True'))
      .map(({ reason, message }) => ({ reason, message })),
  }
}
