// Which cell of a pool's map stands for which addresses. Pure: knows numbers, not pixels of a screen.

import { type Address, formatAddress, parseAddress } from '../ip/index.ts'
import type { RangeView } from '../status/index.ts'

/** More addresses than these share cells: a /16 still has one for each. */
const CELLS = 65_536

export interface AddressGrid {
  readonly family: Address['family']
  readonly first: bigint
  readonly last: bigint
  /** Addresses in one cell. */
  readonly perCell: bigint
  readonly columns: number
  readonly cells: number
}

/** `null` for what is no range. */
export function gridOf({ first, last }: RangeView): AddressGrid | null {
  const [from, to] = [parseAddress(first), parseAddress(last)]
  if (from === null || to === null || from.family !== to.family || from.value > to.value) return null
  const count = to.value - from.value + 1n
  const perCell = (count + BigInt(CELLS) - 1n) / BigInt(CELLS)
  const cells = Number((count + perCell - 1n) / perCell)
  const columns = cells <= 64 ? Math.min(cells, 16) : cells <= 1024 ? 64 : cells <= 4096 ? 128 : 256
  return { family: from.family, first: from.value, last: to.value, perCell, columns, cells }
}

/** `null`: the address is not of the range. */
export function cellOf({ family, first, last, perCell }: AddressGrid, address: Address): number | null {
  if (address.family !== family || address.value < first || address.value > last) return null
  return Number((address.value - first) / perCell)
}

/** The cells, both ends included, that have addresses of `range`; `null`: none has. */
export function cellsOf(grid: AddressGrid, range: RangeView): { first: number; last: number } | null {
  const [from, to] = [parseAddress(range.first), parseAddress(range.last)]
  if (from === null || to === null || to.value < grid.first || from.value > grid.last) return null
  const first = cellOf(grid, from.value < grid.first ? { ...from, value: grid.first } : from)
  const last = cellOf(grid, to.value > grid.last ? { ...to, value: grid.last } : to)
  return first === null || last === null ? null : { first, last }
}

/** The addresses of a cell, `first` or `first to last`. */
export function nameOf({ family, first, last, perCell }: AddressGrid, cell: number): string {
  const from = first + BigInt(cell) * perCell
  const to = from + perCell - 1n < last ? from + perCell - 1n : last
  const text = formatAddress({ family, value: from })
  return from === to ? text : `${text} to ${formatAddress({ family, value: to })}`
}

/** Where the cursor is after an arrow key; it stays within the grid. */
export function moved({ columns, cells }: AddressGrid, cell: number, key: string): number {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -cell,
    End: cells - 1 - cell,
  }
  const next = cell + (steps[key] ?? 0)
  return next < 0 || next >= cells ? cell : next
}
