// From what each Service asks to what this node may hold: one entry an address, also where Services share it. Brought up
// to date by what changes, because of thousands of Services hardly ever more than one does. Pure.

import { isDeepStrictEqual } from 'node:util'
import type { Candidate } from '../election/index.ts'
import type { Address } from '../ip/index.ts'
import type { AddressIntent } from './intents.ts'
import { interfacesOn, type ServiceIntent } from '../candidates/index.ts'

export interface AskingService {
  /** Another one when the Service was deleted and made anew under its name. */
  readonly uid: string
  /** RFC 3339; of the Services that share an address the oldest says in which order. */
  readonly created: string
  readonly key: string
  readonly intent: ServiceIntent
}

/** An address, and the Services that ask for it: of thousands, hardly ever more than one. */
interface Asked {
  readonly address: Address
  services: readonly AskingService[]
}

/** A node may hold an address only if it may for all Services that share it. */
export class CombinedIntents {
  readonly #node: string
  /** By address as text, as the intents. */
  readonly #asked = new Map<string, Asked>()
  readonly #intents = new Map<string, AddressIntent>()
  #all: readonly AddressIntent[] | null = null

  constructor(node: string) {
    this.#node = node
  }

  /** Another list when one of them has changed; one that has not is the same object in both. */
  get all(): readonly AddressIntent[] {
    return (this.#all ??= [...this.#intents.values()])
  }

  /** Keys of the Services that ask for the address. */
  keysAt(ip: string): readonly string[] {
    return this.#asked.get(ip)?.services.map(({ key }) => key) ?? []
  }

  /** The same, of each address. */
  keysByAddress(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#asked.keys()].map((ip) => [ip, this.keysAt(ip)]))
  }

  /** A Service asks for something else than before; `undefined`: for nothing. */
  change(before: AskingService | undefined, now: AskingService | undefined): void {
    if (before !== undefined) for (const ip of before.intent.ips) this.#withdraw(ip, before)
    if (now !== undefined) now.intent.ips.forEach((ip, place) => this.#ask(ip, place, now))
    const ips = new Set([...(before?.intent.ips ?? []), ...(now?.intent.ips ?? [])])
    for (const ip of ips) this.#combine(ip)
  }

  #ask(ip: string, place: number, service: AskingService): void {
    const address = service.intent.addresses[place]
    if (address === undefined) return
    const asked = this.#asked.get(ip)
    if (asked === undefined) this.#asked.set(ip, { address, services: [service] })
    else asked.services = asked.services.filter(({ key }) => key !== service.key).concat(service)
  }

  #withdraw(ip: string, { key }: AskingService): void {
    const asked = this.#asked.get(ip)
    if (asked === undefined) return
    asked.services = asked.services.filter((service) => service.key !== key)
    if (asked.services.length === 0) this.#asked.delete(ip)
  }

  #combine(ip: string): void {
    const asked = this.#asked.get(ip)
    const now = asked && combine(this.#node, asked)
    if (isDeepStrictEqual(now, this.#intents.get(ip))) return
    this.#all = null
    if (now === undefined) this.#intents.delete(ip)
    else this.#intents.set(ip, now)
  }
}

function combine(node: string, { address, services }: Asked): AddressIntent {
  const [oldest, ...others] = services.length === 1 ? services : services.toSorted(byAge)
  return {
    address,
    candidates: oldest === undefined ? [] : commonCandidates(oldest, others),
    orderedBy: oldest?.intent.addresses[0] ?? address,
    interfaces: commonInterfaces(services.map(({ intent }) => interfacesOn(node, intent))),
  }
}

function commonCandidates(oldest: AskingService, others: readonly AskingService[]): readonly Candidate[] {
  const { candidates } = oldest.intent
  if (others.length === 0) return candidates
  const nodesOfOthers = others.map(({ intent }) => new Set(intent.candidates.map(({ node }) => node)))
  return candidates.filter(({ node }) => nodesOfOthers.every((nodes) => nodes.has(node)))
}

function byAge(one: AskingService, other: AskingService): number {
  return one.created === other.created ? (one.key < other.key ? -1 : 1) : one.created < other.created ? -1 : 1
}

/** All that any of them names; `null` (all interfaces) as soon as one has it. */
function commonInterfaces(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  const [only = null] = lists
  if (lists.length === 1) return only
  if (lists.includes(null)) return null
  return [...new Set(lists.flatMap((list) => list ?? []))].sort()
}
