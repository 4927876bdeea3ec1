// Lists that must not name a thing twice.

/** The first value that stands twice in `values`, or `null`. */
export function firstDouble(values: readonly string[]): string | null {
  return values.find((value, index) => values.indexOf(value) < index) ?? null
}
