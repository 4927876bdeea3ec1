// Parts of what a copy of the cluster keeps of its objects, where it does not keep all. Pure.

import type { ObjectMeta } from '../api/index.ts'

/** What tells the object from others, and its versions apart. */
export function identityOf(metadata: ObjectMeta | undefined): ObjectMeta {
  return pick(metadata, ['name', 'namespace', 'uid', 'resourceVersion'])
}

export function ofType<T extends { type: string }>(type: string, conditions: readonly T[] = []): T[] {
  return conditions.filter((condition) => condition.type === type)
}

/** Property by property: objects that are spread have a hidden class each, which is as large as they are. */
export function pick<T extends object, K extends keyof T>(
  from: T | undefined,
  names: readonly K[],
): Pick<T, K> {
  const kept: Partial<Pick<T, K>> = {}
  for (const name of names) if (from?.[name] !== undefined) kept[name] = from[name]
  return kept as Pick<T, K>
}
