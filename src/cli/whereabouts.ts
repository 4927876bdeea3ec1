// What becomes of one address: whose it is, which pool has it, who answers for it, or why nobody may have it. Pure.

import { locate, nodeReservations, serviceCidrReservations, avoids, whyWithheld } from '../config/index.ts'
import { type Address, formatAddress, includes, parseAddress, sameAddress } from '../ip/index.ts'
import type { Cluster } from './cluster.ts'
import { type ServiceReport, serviceReport } from './service-report.ts'

/**
 * - Assigned: one or more Services show it.
 * - Cluster: a node, or the cluster's Service network, has it.
 * - Free: a pool can give it out.
 * - Withheld: it lies in a pool that does not give it out.
 * - Unknown: no pool has it.
 */
export type AddressUse = 'Assigned' | 'Cluster' | 'Free' | 'Withheld' | 'Unknown'

export interface Whereabouts {
  readonly address: string
  readonly use: AddressUse
  /** A sentence. */
  readonly message: string
  readonly pool: string | null
  readonly services: readonly ServiceReport[]
}

export function whereIs(address: Address, cluster: Cluster): Whereabouts {
  const services = cluster.services
    .filter(({ status }) => (status?.loadBalancer?.ingress ?? []).some(({ ip }) => isSame(ip, address)))
    .map((service) => serviceReport(service, cluster))
  const pool = poolOf(address, cluster)
  const text = formatAddress(address)
  const found = services.length > 0 ? assigned(services) : unassigned(address, cluster)
  return { address: text, pool, services, ...found }
}

function isSame(text: string | undefined, address: Address): boolean {
  const parsed = text === undefined ? null : parseAddress(text)
  return parsed !== null && sameAddress(parsed, address)
}

function poolOf(address: Address, { configuration }: Cluster): string | null {
  const location = locate(configuration, [address], null)
  return location.kind === 'pool' || location.kind === 'refusedPool' ? location.pool.name : null
}

function assigned(services: readonly ServiceReport[]): Pick<Whereabouts, 'use' | 'message'> {
  const names = services.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')
  const nodes = [...new Set(services.flatMap((service) => service.nodes))]
  const [first] = services
  const answering =
    nodes.length > 0 ? `${nodes.join(' and ')} announces it` : `nobody announces it: ${first?.message}`
  return { use: 'Assigned', message: `it belongs to Service ${names}; ${answering}` }
}

function unassigned(address: Address, cluster: Cluster): Pick<Whereabouts, 'use' | 'message'> {
  const { configuration, nodes, serviceCidrs } = cluster
  const reservations = [...nodes.flatMap(nodeReservations), ...serviceCidrs.flatMap(serviceCidrReservations)]
  const reservation = reservations.find(({ range }) => includes(range, address))
  if (reservation !== undefined) {
    return { use: 'Cluster', message: `the cluster itself uses it: ${reservation.owner}` }
  }
  const location = locate(configuration, [address], null)
  if (location.kind === 'refusedPool') {
    return { use: 'Withheld', message: `pool "${location.pool.name}" is refused, and gives nothing out` }
  }
  if (location.kind !== 'pool') return { use: 'Unknown', message: 'no pool has it' }
  const { pool } = location
  if (whyWithheld(pool, address) !== null) {
    return { use: 'Withheld', message: `it is in excludeAddresses of pool "${pool.name}"` }
  }
  if (avoids(pool, address)) {
    return { use: 'Withheld', message: `avoidBuggyIPs of pool "${pool.name}" leaves it out` }
  }
  if (pool.drain)
    return { use: 'Withheld', message: `pool "${pool.name}" is draining, and gives nothing out` }
  return { use: 'Free', message: `pool "${pool.name}" can give it out` }
}
