// The addresses that the cluster itself uses: its nodes' and its Service networks. Pure.

import type { Node, ServiceCIDR } from '../api/index.ts'
import type { Reservation } from '../config/index.ts'
import { parseAddress, parseRange } from '../ip/index.ts'

/** InternalIP and ExternalIP; host names and what cannot be read are left out. */
export function nodeReservations({ metadata, status }: Node): Reservation[] {
  return (status?.addresses ?? []).flatMap(({ type, address }) => {
    const parsed = type === 'InternalIP' || type === 'ExternalIP' ? parseAddress(address) : null
    if (parsed === null) return []
    const { family, value } = parsed
    return [{ range: { family, first: value, last: value }, owner: `Node ${metadata?.name}` }]
  })
}

/** What the copy keeps of a node: of thousands the lists of their images would be most of the memory. */
export function keptOfNode({ metadata, status }: Node): Node {
  const { name = '', uid, resourceVersion } = metadata ?? {}
  return {
    metadata: {
      name,
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    status: { addresses: status?.addresses ?? [] },
  }
}

export function serviceCidrReservations({ metadata, spec }: ServiceCIDR): Reservation[] {
  return (spec?.cidrs ?? []).flatMap((cidr) => {
    const parsed = parseRange(cidr)
    return 'range' in parsed ? [{ range: parsed.range, owner: `ServiceCIDR ${metadata?.name}` }] : []
  })
}

/** Whether a node has the addresses it had: heartbeats change all else. */
export function sameNodeAddresses(now: Node | undefined, before: Node | undefined): boolean {
  return addressList(now) === addressList(before)
}

function addressList(node: Node | undefined): string {
  return (node?.status?.addresses ?? []).map(({ type, address }) => `${type}=${address}`).join()
}
