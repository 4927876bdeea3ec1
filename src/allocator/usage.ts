// How many addresses a pool has, and how many are used. Exact: an IPv6 /64 has more than a double can count.
import type { Pool } from '../config/index.ts'
import type { Family, Range } from '../ip/index.ts'

export interface FamilyUsage {
  /** What can be given out, held or not. */
  readonly total: bigint
  /** A shared address counts once. */
  readonly inUse: bigint
  /** Clamped to 2^63 - 1, the most that the int64 of the pool's status holds. */
  readonly available: bigint
}

export type PoolUsage = Readonly<Record<Family, FamilyUsage>>

const MAX_INT64 = 2n ** 63n - 1n

/** How many addresses of the pool can be given out, held ones among them. */
export function assignableCount({ assignable, avoidBuggyIPs }: Pool, family: Family): bigint {
  const ranges = assignable.filter((range) => range.family === family)
  const all = ranges.reduce((sum, { first, last }) => sum + (last - first + 1n), 0n)
  return avoidBuggyIPs && family === 'IPv4' ? all - avoidedCount(ranges) : all
}

/** @param taken of the `total`, those that are held; `inUse` counts also what is held and not given out any more. */
export function familyUsage(total: bigint, inUse: number, taken: number): FamilyUsage {
  const available = total - BigInt(taken)
  return { total, inUse: BigInt(inUse), available: available > MAX_INT64 ? MAX_INT64 : available }
}

function avoidedCount(ranges: readonly Range[]): bigint {
  return ranges.reduce((sum, range) => sum + countEndingIn(0n, range) + countEndingIn(255n, range), 0n)
}

/** How many addresses of the range end in this byte. */
function countEndingIn(byte: bigint, { first, last }: Range): bigint {
  const upTo = (limit: bigint): bigint => (limit < byte ? 0n : (limit - byte) / 256n + 1n)
  return upTo(last) - (first === 0n ? 0n : upTo(first - 1n))
}
