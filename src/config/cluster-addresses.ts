// The addresses that the cluster itself uses: its nodes' and its Service networks.
import type { Node, ServiceCIDR } from '../api/index.ts'
import { parseAddress, parseRange } from '../ip/index.ts'
import type { Reservation } from './reservation.ts'

/** InternalIP and ExternalIP; host names and what cannot be read are left out. */
export function nodeReservations({ metadata, status }: Node): Reservation[] {
  return (status?.addresses ?? []).flatMap(({ type, address }) => {
    const parsed = type === 'InternalIP' || type === 'ExternalIP' ? parseAddress(address) : null
    if (parsed === null) return []
    const { family, value } = parsed
    return [{ range: { family, first: value, last: value }, owner: `Node ${metadata?.name}` }]
  })
}

export function serviceCidrReservations({ metadata, spec }: ServiceCIDR): Reservation[] {
  return (spec?.cidrs ?? []).flatMap((cidr) => {
    const parsed = parseRange(cidr)
    return 'range' in parsed ? [{ range: parsed.range, owner: `ServiceCIDR ${metadata?.name}` }] : []
  })
}
