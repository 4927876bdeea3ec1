// The order in which nodes should hold an address. Says nothing of who is alive, or who holds it now.
import { createHash } from 'node:crypto'
import { type Address, formatAddress } from '../ip/index.ts'

/** `score`: how much the node is preferred; 0 for none. */
export interface Candidate {
  readonly node: string
  readonly score: number
}

/**
 * The nodes, first choice first: higher score, then lower sha256(node "#" address).
 *
 * It is MetalLB's order, so that a cluster that changes over keeps its holders. `address` is the first of the
 * Service's addresses: a dual-stack Service stays on one node. The text hashed is the canonical one.
 */
export function candidateOrder<T extends Candidate>(address: Address, candidates: readonly T[]): T[] {
  const text = formatAddress(address)
  return candidates
    .map((candidate) => ({
      candidate,
      rank: createHash('sha256').update(`${candidate.node}#${text}`).digest(),
    }))
    .sort((a, b) => b.candidate.score - a.candidate.score || Buffer.compare(a.rank, b.rank))
    .map(({ candidate }) => candidate)
}
