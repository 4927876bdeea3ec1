// Parts of what a copy of the cluster keeps of its objects, where it does not keep all. Pure.

import type { ObjectMeta } from '../api/index.ts'

/** What tells the object from others, and its versions apart. */
export function identityOf(metadata: ObjectMeta | undefined): ObjectMeta {
  return pick(metadata, ['name', 'namespace', 'uid', 'resourceVersion'])
}

/** The one of this type, alone: an array that was filtered keeps room for sixteen. */
export function ofType<T extends { type: string }>(type: string, conditions: readonly T[] = []): T[] {
  const found = conditions.find((condition) => condition.type === type)
  return found === undefined ? [] : [found]
}

/**
 * Property by property: objects that others are spread into have a hidden class each, which is as large as they are. More
 * is put to them by `Object.assign`.
 */
export function pick<T extends object, K extends keyof T>(
  from: T | undefined,
  names: readonly K[],
): Pick<T, K> {
  const kept: Partial<Pick<T, K>> = {}
  for (const name of names) if (from?.[name] !== undefined) kept[name] = from[name]
  return kept as Pick<T, K>
}
