// A node's addresses, which no Service may have. Pure.

import type { Node } from '../api/index.ts'

/** Whether a node has the addresses it had: heartbeats change all else. */
export function sameNodeAddresses(now: Node | undefined, before: Node | undefined): boolean {
  return addressList(now) === addressList(before)
}

function addressList(node: Node | undefined): string {
  return (node?.status?.addresses ?? []).map(({ type, address }) => `${type}=${address}`).join()
}
