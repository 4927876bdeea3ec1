// What the copy of the cluster keeps of a node: its addresses, which no Service may have. Pure.

import type { Node } from '../api/index.ts'

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

/** Whether a node has the addresses it had: heartbeats change all else. */
export function sameNodeAddresses(now: Node | undefined, before: Node | undefined): boolean {
  return addressList(now) === addressList(before)
}

function addressList(node: Node | undefined): string {
  return (node?.status?.addresses ?? []).map(({ type, address }) => `${type}=${address}`).join()
}
