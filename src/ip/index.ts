// Addresses, ranges, sets of ranges. Text at the edge only; inside, a family and a number.
export {
  type Address,
  type AddressKey,
  addressKey,
  type Family,
  formatAddress,
  parseAddress,
  sameAddress,
} from './address.ts'
export { type ParsedRange, type Range, formatRange, includes, intersect, parseRange } from './range.ts'
export { RangeSet } from './range-set.ts'
export { quote } from './quote.ts'
