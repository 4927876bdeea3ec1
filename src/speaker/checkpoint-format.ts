// Intents as text and back. Pure.

import type { Candidate } from '../election/index.ts'
import { type Address, formatAddress, parseAddress } from '../ip/index.ts'
import type { AddressIntent, Intents } from './intents.ts'

const FORMAT = 1
const CLUSTER_ID = /^[0-9a-f]{16}$/

export function encodeIntents({ node, cluster, addresses }: Intents): string {
  const listed = addresses.map(({ address, candidates, orderedBy = address, interfaces }) => {
    const order = candidates.map(({ node: name, score }) => ({ node: name, score }))
    return { ip: formatAddress(address), candidates: order, orderedBy: formatAddress(orderedBy), interfaces }
  })
  return JSON.stringify({ format: FORMAT, node, cluster, addresses: listed })
}

/** The intents, marked as stale; throws an `Error` that says what is wrong with the text. */
export function decodeIntents(text: string, node: string): Intents {
  const value = asObject(JSON.parse(text), 'the checkpoint')
  if (value.format !== FORMAT) throw new Error(`format ${String(value.format)} is not ${FORMAT}`)
  if (value.node !== node) throw new Error(`it is of node ${JSON.stringify(value.node)}`)
  const { cluster } = value
  if (typeof cluster !== 'string' || !CLUSTER_ID.test(cluster)) throw new Error('cluster is no id')
  const addresses = asArray(value.addresses, 'addresses').map(asIntent)
  return { node, cluster, isStale: true, addresses, prospects: [] }
}

function asIntent(value: unknown): AddressIntent {
  const { ip, candidates, orderedBy, interfaces } = asObject(value, 'an address')
  return {
    address: asAddress(ip),
    orderedBy: asAddress(orderedBy),
    candidates: asArray(candidates, 'candidates').map(asCandidate),
    interfaces: interfaces === null ? null : asArray(interfaces, 'interfaces').map(asName),
  }
}

function asAddress(value: unknown): Address {
  const address = typeof value === 'string' ? parseAddress(value) : null
  if (address === null) throw new Error(`${JSON.stringify(value)} is no address`)
  return address
}

function asCandidate(value: unknown): Candidate {
  const { node, score } = asObject(value, 'a candidate')
  if (typeof score !== 'number') throw new Error(`score ${JSON.stringify(score)} is no number`)
  return { node: asName(node), score }
}

function asName(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${JSON.stringify(value)} is no name`)
  return value
}

function asArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is no list`)
  return value
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no object`)
  return value as Record<string, unknown>
}
