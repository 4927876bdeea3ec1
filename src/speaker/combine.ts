// From what each Service asks to what this node may hold: one entry an address, also where Services share it. Pure.

import { isDeepStrictEqual } from 'node:util'
import type { Candidate } from '../election/index.ts'
import type { Address } from '../ip/index.ts'
import type { AddressIntent } from './intents.ts'
import type { ServiceIntent } from '../candidates/index.ts'

export interface AskingService {
  /** RFC 3339; of the Services that share an address the oldest says in which order. */
  readonly created: string
  readonly key: string
  readonly intent: ServiceIntent
}

/**
 * By address as text. A node may hold an address only if it may for all Services that share it.
 *
 * @param before what it was the last time: an intent that has not changed is the same object again.
 */
export function combineIntents(
  node: string,
  services: Iterable<AskingService>,
  before: ReadonlyMap<string, AddressIntent>,
): ReadonlyMap<string, AddressIntent> {
  const byAddress = new Map<string, { address: Address; asking: AskingService[] }>()
  for (const service of services) {
    for (const [place, text] of service.intent.ips.entries()) {
      const address = service.intent.addresses[place]
      if (address === undefined) continue
      const entry = byAddress.get(text)
      if (entry === undefined) byAddress.set(text, { address, asking: [service] })
      else entry.asking.push(service)
    }
  }
  const combined = new Map<string, AddressIntent>()
  for (const [text, { address, asking }] of byAddress) {
    const [known, now] = [before.get(text), combine(node, address, asking)]
    combined.set(text, known !== undefined && isDeepStrictEqual(known, now) ? known : now)
  }
  return combined
}

function combine(node: string, address: Address, asking: readonly AskingService[]): AddressIntent {
  const [oldest, ...others] = asking.length === 1 ? asking : asking.toSorted(byAge)
  const all = oldest?.intent.candidates ?? []
  const isForAll = ({ node: candidate }: Candidate): boolean =>
    others.every(({ intent }) => intent.interfacesOf.has(candidate))
  return {
    address,
    candidates: others.length === 0 ? all : all.filter(isForAll),
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
