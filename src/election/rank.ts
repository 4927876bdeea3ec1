// Which of two claims on one address is the greater. From what is on the wire alone: views of the cluster may differ.
import { createHash } from 'node:crypto'
import { type Address, formatAddress } from '../ip/index.ts'

/** The epoch that new addresses begin with; there is room below it for claims made without a quorum. */
export const BASE_EPOCH = 2 ** 31
const MAX_EPOCH = 2 ** 32 - 1

/** `epoch`: −1 for any claim of a speaker that listens. */
export interface Rank {
  readonly epoch: number
  readonly node: string
  readonly instance: string
}

export function above(epoch: number): number {
  return Math.min(epoch + 1, MAX_EPOCH)
}

export function below(epoch: number): number {
  return Math.max(epoch - 1, 0)
}

/** Higher epoch; then as `precedes`. Never true both ways, never false both ways for two instances. */
export function outranks(one: Rank, other: Rank, address: Address): boolean {
  return one.epoch === other.epoch ? precedes(one, other, address) : one.epoch > other.epoch
}

/** Lower sha256(node "#" address), as MetalLB orders nodes; of two instances on one node, the lower id. */
export function precedes(one: Omit<Rank, 'epoch'>, other: Omit<Rank, 'epoch'>, address: Address): boolean {
  if (one.node === other.node) return one.instance < other.instance
  return Buffer.compare(digest(one.node, address), digest(other.node, address)) < 0
}

function digest(node: string, address: Address): Buffer {
  return createHash('sha256')
    .update(`${node}#${formatAddress(address)}`)
    .digest()
}
