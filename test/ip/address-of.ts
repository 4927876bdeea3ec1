// Addresses that tests write as text.

import { type Address, parseAddress } from '../../src/ip/index.ts'

/** Throws for what is no address. */
export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === null) throw new Error(`${text} is no address`)
  return address
}
