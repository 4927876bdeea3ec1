// What the speakers tell of their nodes' interfaces: the subnets that they are in, and which one another node hears. Pure.

import { parseRange, type Range } from '../ip/index.ts'
import type { Hearing, InterfaceView, PeerView } from '../status/index.ts'

type Heard = Exclude<Hearing, { problem: string }>

/** A speaker that told of its node. */
export type Told = Heard & { readonly facts: NonNullable<Heard['facts']> }

export function toldOf(hearings: readonly Hearing[]): Told[] {
  return hearings.filter((hearing): hearing is Told => 'facts' in hearing && hearing.facts !== null)
}

/** None for a single address, which is nobody's subnet. */
export function subnetOf(network: string): Range[] {
  return rangeOf(network).filter((range) => !isSingle(range))
}

export function rangeOf(network: string): Range[] {
  const parsed = parseRange(network)
  return 'range' in parsed ? [parsed.range] : []
}

export function isSingle({ first, last }: Range): boolean {
  return first === last
}

/** A node that hears another, `peer`: its own interface, and the other's. */
interface Neighbours {
  readonly node: string
  readonly own: InterfaceView
  readonly peer: string
  readonly other: InterfaceView
}

/** All of whom both interfaces are known. */
export function neighbours(told: readonly Told[]): Neighbours[] {
  const interfacesOf = new Map(told.map(({ node, facts }) => [node, facts.interfaces]))
  return told.flatMap(({ node, facts, peers }) =>
    peers.flatMap((peer) => {
      const own = facts.interfaces.find(({ name }) => name === peer.interface)
      const other = heardFrom(peer, interfacesOf.get(peer.node) ?? [])
      return own === undefined || other === undefined ? [] : [{ node, own, peer: peer.node, other }]
    }),
  )
}

/**
 * The interface that a peer is heard from. VLANs have the MAC of their card: then by the name, which is mostly the same on
 * all nodes, or not at all.
 */
function heardFrom(
  { mac, interface: name }: PeerView,
  interfaces: readonly InterfaceView[],
): InterfaceView | undefined {
  const [first, ...more] = interfaces.filter((each) => each.mac === mac)
  return more.length === 0 ? first : [first, ...more].find((each) => each?.name === name)
}
