// Addresses, ranges, sets of ranges. Text at the edge only; inside, a family and a number.
export { type Address, type Family, formatAddress, parseAddress, sameAddress } from './address.ts'
export { type Range, formatRange, parseRange } from './range.ts'
export { RangeSet } from './range-set.ts'
