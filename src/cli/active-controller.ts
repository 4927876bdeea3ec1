// Which replica of the controller is the active one, as the lease says. Pure.

import type { Lease } from '../api/index.ts'
import type { Cluster } from './cluster.ts'

export interface ActiveController {
  /** The pod's name, as far as the identity tells one; empty: nobody has the lease. */
  readonly pod: string
  readonly identity: string
  /** When it was renewed last, RFC 3339. */
  readonly renewed: string
  /** Whether that is no longer ago than the lease lasts, by the clocks of this machine and of that one. */
  readonly isAlive: boolean
}

const NAME = 'typemetal-controller'
/** Clocks of two machines may differ by so much before we say anything. */
const CLOCK_TOLERANCE_MS = 30_000

/** `null`: there is no lease; a single controller may run without one. */
export function activeController({
  leases,
  readAt,
}: Pick<Cluster, 'leases' | 'readAt'>): ActiveController | null {
  const lease = leases.find(({ metadata }) => metadata?.name === NAME)
  return lease === undefined ? null : holderOf(lease, readAt)
}

function holderOf({ spec }: Lease, now: number): ActiveController {
  const { holderIdentity = '', renewTime = '', leaseDurationSeconds = 0 } = spec ?? {}
  const end = Date.parse(renewTime) + leaseDurationSeconds * 1000 + CLOCK_TOLERANCE_MS
  return {
    pod: holderIdentity.replace(/_[^_]*$/, ''),
    identity: holderIdentity,
    renewed: renewTime,
    isAlive: holderIdentity !== '' && now <= end,
  }
}
