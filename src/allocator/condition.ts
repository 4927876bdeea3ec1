// The Service's condition: whether it has what it asks for, and why not. Its reasons are those of the refusals.
import { quote } from '../ip/index.ts'
import { type Refusal, addresses as listed, explain } from './refusal.ts'
import type { Assignment } from './state.ts'

/** A condition without the times, which nothing here knows. */
export interface Finding {
  readonly status: 'True' | 'False'
  /** Stable, one word. */
  readonly reason: string
  /** A sentence. */
  readonly message: string
}

/** Of the condition `typemetal.io/Allocated`; `null` where there is neither an assignment nor a refusal. */
export function findingOf(assignment: Assignment | null, refusal: Refusal | null): Finding | null {
  if (assignment === null) {
    return refusal && { status: 'False', reason: refusal.reason, message: explain(refusal) }
  }
  const { addresses, pool, exception } = assignment
  const cause = refusal ?? exception
  if (cause !== null) {
    const message = `it keeps ${listed(addresses)}: ${explain(cause)}`
    return { status: 'True', reason: cause.reason, message }
  }
  const origin = pool === null ? '' : ` of pool ${quote(pool)}`
  return { status: 'True', reason: 'Allocated', message: `it has ${listed(addresses)}${origin}` }
}

export function sameFinding(a: Finding | null, b: Finding | null): boolean {
  return a?.status === b?.status && a?.reason === b?.reason && a?.message === b?.message
}
