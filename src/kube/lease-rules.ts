// Leader election through a Lease object, by client-go's rules: who may take it when, and what is written. Pure.

import type { Lease } from '../api/index.ts'
import { timestampMicro } from './time.ts'

export interface LeaseTiming {
  /** For so long after the last renewal that they saw the others leave the lease to its holder. */
  durationMs: number
  /** The holder gives up so long after it sent the last renewal that succeeded; less than `durationMs`. */
  renewDeadlineMs: number
  /** Between two tries; less than `renewDeadlineMs`. */
  retryPeriodMs: number
}

/** Who asks. */
export interface Candidate {
  identity: string
  /** Identities that begin so were those of processes that have ended before this one began; `null`: none is known. */
  predecessors: string | null
  durationMs: number
}

/** A lease as it was read, and since when it has been so, in ms of a clock that never goes back. */
export interface Observation {
  readonly lease: Lease
  readonly since: number
}

/**
 * A lease was read at `now`. The times in the object are of another machine's clock, which may stand still or be wrong:
 * what counts is that somebody wrote it, and when we see that.
 */
export function observe(before: Observation | null, lease: Lease, now: number): Observation {
  const same = before?.lease.metadata?.resourceVersion === lease.metadata?.resourceVersion
  return { lease, since: before !== null && same ? before.since : now }
}

/** Whether `candidate` may write its claim now. */
export function mayClaim({ lease, since }: Observation, candidate: Candidate, now: number): boolean {
  const { holderIdentity = '', leaseDurationSeconds } = lease.spec ?? {}
  if (holderIdentity === '' || holderIdentity === candidate.identity) return true
  if (candidate.predecessors !== null && holderIdentity.startsWith(candidate.predecessors)) return true
  const durationMs = leaseDurationSeconds === undefined ? candidate.durationMs : leaseDurationSeconds * 1000
  return now >= since + durationMs
}

/** The spec with which `candidate` takes the lease or, where it has it, renews it. `wall` is for people to read. */
export function claim(before: Lease | null, { identity, durationMs }: Candidate, wall: Date): Lease['spec'] {
  const { holderIdentity, acquireTime, leaseTransitions = 0 } = before?.spec ?? {}
  const now = timestampMicro(wall)
  const isOurs = holderIdentity === identity
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: isOurs ? (acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: isOurs || before === null ? leaseTransitions : leaseTransitions + 1,
  }
}

/** The spec with which the holder gives the lease up: whoever comes next need not wait. */
export function resignation({ spec }: Lease, wall: Date): Lease['spec'] {
  const { leaseTransitions = 0 } = spec ?? {}
  const now = timestampMicro(wall)
  return { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions }
}
