// From what each Service asks to what this node may hold: one entry an address, also where Services share it. Pure.

import { type Address, formatAddress } from '../ip/index.ts'
import type { AddressIntent } from './intents.ts'
import type { ServiceIntent } from '../candidates/index.ts'

export interface AskingService {
  /** RFC 3339; of the Services that share an address the oldest says in which order. */
  readonly created: string
  readonly key: string
  readonly intent: ServiceIntent
}

/** A node may hold an address only if it may for all Services that share it. */
export function combineIntents(node: string, services: Iterable<AskingService>): readonly AddressIntent[] {
  const byAddress = new Map<string, { address: Address; asking: AskingService[] }>()
  for (const service of services) {
    for (const address of service.intent.addresses) {
      const text = formatAddress(address)
      const entry = byAddress.get(text) ?? { address, asking: [] }
      entry.asking.push(service)
      byAddress.set(text, entry)
    }
  }
  return [...byAddress.values()].map(({ address, asking }) => combine(node, address, asking))
}

function combine(node: string, address: Address, asking: readonly AskingService[]): AddressIntent {
  const [oldest, ...others] = asking.toSorted(byAge)
  const candidates = (oldest?.intent.candidates ?? []).filter(({ node: candidate }) =>
    others.every(({ intent }) => intent.interfacesOf.has(candidate)),
  )
  return {
    address,
    candidates,
    orderedBy: oldest?.intent.addresses[0] ?? address,
    interfaces: commonInterfaces(asking.map(({ intent }) => intent.interfacesOf.get(node) ?? null)),
  }
}

function byAge(one: AskingService, other: AskingService): number {
  return one.created === other.created ? (one.key < other.key ? -1 : 1) : one.created < other.created ? -1 : 1
}

/** All that any of them names; `null` (all interfaces) as soon as one has it. */
function commonInterfaces(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  if (lists.includes(null)) return null
  return [...new Set(lists.flatMap((list) => list ?? []))].sort()
}
