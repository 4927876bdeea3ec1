// metav1 Conditions: what an object's status says of itself. Pure.

import type { Condition, Service } from '../api/index.ts'

export type ConditionUpdate = Pick<Condition, 'type' | 'status' | 'reason' | 'message'> & {
  observedGeneration?: number
}

/** What the Service shows of that type. */
export function conditionOf({ status }: Service, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
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
  if (says(before, update)) return conditions
  const after = dated(update, conditions, now)
  return before ? conditions.map((each) => (each === before ? after : each)) : [...conditions, after]
}

/** `update` with its time: that of `shown`, if it had the same status there, else `now`. */
export function dated(
  update: ConditionUpdate,
  shown: readonly Condition[] | undefined,
  now: string,
): Condition {
  const before = shown?.find(({ type }) => type === update.type)
  const lastTransitionTime = before?.status === update.status ? before.lastTransitionTime : now
  return { ...update, lastTransitionTime }
}

/** Whether what is shown is the same but for the time. */
export function says(shown: Condition | undefined, update: Omit<ConditionUpdate, 'type'>): boolean {
  return (['status', 'reason', 'message', 'observedGeneration'] as const).every(
    (field) => shown?.[field] === update[field],
  )
}
