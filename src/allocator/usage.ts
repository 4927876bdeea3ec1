// How many addresses a pool has, and how many are used. Exact: an IPv6 /64 has more than a double can count.
import type { Pool } from '../config/index.ts'
import type { Family, Range } from '../ip/index.ts'

export interface FamilyUsage {
  /** What can be given out, held or not. */
  readonly total: bigint
  /** A shared address counts once. */
  readonly inUse: bigint
  /** Of `total`, what nobody has. */
  readonly available: bigint
}

export type PoolUsage = Readonly<Record<Family, FamilyUsage>>

/** How many addresses of the pool can be given out, held ones among them. */
export function assignableCount({ assignable, avoidBuggyIPs }: Pool, family: Family): bigint {
  const ranges = assignable.filter((range) => range.family === family)
  const all = ranges.reduce((sum, { first, last }) => sum + (last - first + 1n), 0n)
  return avoidBuggyIPs && family === 'IPv4' ? all - avoidedCount(ranges) : all
}

/** @param taken of the `total`, those that are held; `inUse` counts also what is held and not given out any more. */
export function familyUsage(total: bigint, inUse: number, taken: number): FamilyUsage {
  return { total, inUse: BigInt(inUse), available: total - BigInt(taken) }
}

function avoidedCount(ranges: readonly Range[]): bigint {
  return ranges.reduce((sum, range) => sum + countEndingIn(0n, range) + countEndingIn(255n, range), 0n)
}

/** How many addresses of the range end in this byte. */
function countEndingIn(byte: bigint, { first, last }: Range): bigint {
  const upTo = (limit: bigint): bigint => (limit < byte ? 0n : (limit - byte) / 256n + 1n)
  return upTo(last) - (first === 0n ? 0n : upTo(first - 1n))
}
