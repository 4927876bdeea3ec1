// Long lists in pages. A page continues after a key, not at a number, so that nothing is skipped or doubled when entries
// come and go between two pages.

import { Problem } from './problem.ts'
import { COUNT, listOf, type Schema, text } from './schema.ts'

export const DEFAULT_LIMIT = 500
export const LARGEST_LIMIT = 1000

export interface PageQuery {
  readonly limit?: number
  readonly continue?: string
}

export const PAGE_QUERY = {
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: LARGEST_LIMIT,
    default: DEFAULT_LIMIT,
    description: 'entries a page at most',
  },
  continue: text('of the page before'),
} as const

export interface Page<T> {
  readonly items: T[]
  /** How many there are in all pages. */
  readonly total: number
  /** For the next page; absent on the last one. */
  readonly continue?: string
}

export function pageSchema(items: Schema): Schema {
  return {
    type: 'object',
    properties: {
      items: listOf(items),
      total: COUNT,
      continue: text('for the next page; absent on the last'),
    },
    required: ['items', 'total'],
  }
}

/**
 * One page of what stands behind `keys`, which are sorted. What is gone by now (`undefined`) is left out.
 * Throws a `Problem` for a `continue` that is not ours.
 */
export function pageOf<T>(
  keys: readonly string[],
  { limit = DEFAULT_LIMIT, continue: token }: PageQuery,
  view: (key: string) => T | undefined,
): Page<T> {
  const from = token === undefined ? 0 : firstAfter(keys, keyOf(token))
  const shown = keys.slice(from, from + limit)
  const last = shown.at(-1)
  return {
    items: shown.flatMap((key) => view(key) ?? []),
    total: keys.length,
    ...(last !== undefined && from + limit < keys.length && { continue: tokenOf(last) }),
  }
}

/** One page of `entries` in the order of their keys, no two of which are the same. */
export function pageOfEntries<T>(
  entries: readonly T[],
  query: PageQuery,
  keyOf: (entry: T) => string,
): Page<T> {
  const byKey = new Map(entries.map((entry) => [keyOf(entry), entry]))
  return pageOf([...byKey.keys()].sort(), query, (key) => byKey.get(key))
}

function tokenOf(key: string): string {
  return Buffer.from(`after ${key}`).toString('base64url')
}

function keyOf(token: string): string {
  const [, key] = /^after (.*)$/s.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (key !== undefined) return key
  throw new Problem('InvalidParameter', 'continue must be what the page before said, or absent')
}

function firstAfter(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) <= key) low = middle + 1
    else high = middle
  }
  return low
}
