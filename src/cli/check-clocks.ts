// Whether the clocks of the nodes go right, as far as the leases of their kubelets tell. Pure.

import type { Lease } from '../api/index.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'

/** A kubelet renews and the API server stores in well under a second; the latter counts whole seconds. */
const TOLERANCE_MS = 5000

export function checkClocks({ nodeLeases }: Cluster): Finding[] {
  return nodeLeases.flatMap((lease) => {
    const skew = skewOf(lease)
    if (skew === null || Math.abs(skew) < TOLERANCE_MS) return []
    const seconds = Math.round(Math.abs(skew) / 1000)
    return [
      {
        level: 'warning',
        reason: 'ClockSkew',
        object: `Node ${lease.metadata?.name}`,
        what: `its clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} that of the API server`,
        why: 'certificates and tokens are refused, and the times in events and logs mislead; the election needs no clock',
        remedy: 'let chrony or systemd-timesyncd set the clock of the node',
      },
    ]
  })
}

/**
 * By how much the node is ahead: when the kubelet says that it renewed, against when the API server noted it. `null`
 * where the server does not say, or somebody else wrote last.
 */
function skewOf({ metadata, spec }: Lease): number | null {
  const [written, ...others] = metadata?.managedFields ?? []
  if (others.length > 0 || written?.time === undefined || spec?.renewTime === undefined) return null
  const skew = Date.parse(spec.renewTime) - Date.parse(written.time)
  return Number.isNaN(skew) ? null : skew
}
