// How many addresses a pool has, and how many are used. Exact: an IPv6 /64 has more than a double can count.
import type { Pool } from '../config/index.ts'
import type { Family, Range } from '../ip/index.ts'

export interface FamilyUsage {
  readonly total: bigint
  /** A shared address counts once. */
  readonly inUse: bigint
  /** Clamped to 2^63 - 1, the most that the int64 of the pool's status holds. */
  readonly available: bigint
}

export type PoolUsage = Readonly<Record<Family, FamilyUsage>>

const MAX_INT64 = 2n ** 63n - 1n

export function familyUsage(pool: Pool, family: Family, inUse: bigint): FamilyUsage {
  const total =
    pool.addresses.size(family) - (pool.avoidBuggyIPs && family === 'IPv4' ? avoidedCount(pool.ranges) : 0n)
  const available = total > inUse ? total - inUse : 0n
  return { total, inUse, available: available > MAX_INT64 ? MAX_INT64 : available }
}

function avoidedCount(ranges: readonly Range[]): bigint {
  return ranges
    .filter(({ family }) => family === 'IPv4')
    .reduce((sum, range) => sum + countEndingIn(0n, range) + countEndingIn(255n, range), 0n)
}

/** How many addresses of the range end in this byte. */
function countEndingIn(byte: bigint, { first, last }: Range): bigint {
  const upTo = (limit: bigint): bigint => (limit < byte ? 0n : (limit - byte) / 256n + 1n)
  return upTo(last) - (first === 0n ? 0n : upTo(first - 1n))
}
