// metav1 Conditions: what an object's status says of itself. Pure.

import type { Condition } from '../api/index.ts'

export type ConditionUpdate = Pick<Condition, 'type' | 'status' | 'reason' | 'message'> & {
  observedGeneration?: number
}

/**
 * `conditions` with `update` in the place of the one of its type; the very same array when nothing would change.
 * `lastTransitionTime` moves only when the status does. `now` is an RFC 3339 time.
 */
export function withCondition(
  conditions: readonly Condition[],
  update: ConditionUpdate,
  now: string,
): readonly Condition[] {
  const before = conditions.find(({ type }) => type === update.type)
  const lastTransitionTime = before?.status === update.status ? before.lastTransitionTime : now
  const after: Condition = { ...update, lastTransitionTime }
  if (before && isSame(before, after)) return conditions
  return before ? conditions.map((each) => (each === before ? after : each)) : [...conditions, after]
}

function isSame(one: Condition, other: Condition): boolean {
  return (['status', 'reason', 'message', 'observedGeneration'] as const).every(
    (field) => one[field] === other[field],
  )
}
