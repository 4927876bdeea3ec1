// Of many measurements one: the value that a share of them does not exceed.

/** By nearest rank: always one of `values`; NaN without any. `share`: 0 is the least, 0.5 the median, 1 the greatest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}
