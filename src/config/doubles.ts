// Lists that must not name a thing twice.

/** The first value that stands twice in `values`, or `null`. */
export function firstDouble(values: readonly string[]): string | null {
  const seen = new Set<string>()
  for (const value of values) {
    if (seen.has(value)) return value
    seen.add(value)
  }
  return null
}
