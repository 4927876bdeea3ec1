// Whether the speakers that hear each other are those whose nodes share a subnet. Pure.

import { formatRange, intersect, type Range } from '../ip/index.ts'
import { isLinkLocal } from '../packet/index.ts'
import type { Hearing, InterfaceView } from '../status/index.ts'
import type { Finding } from './finding.ts'
import { neighbours, subnetOf, type Told, toldOf } from './told-interfaces.ts'
import { someOf } from './text.ts'

export function checkSubnets(hearings: readonly Hearing[]): Finding[] {
  const told = toldOf(hearings)
  return [...unheardNeighbours(told), ...foreignNeighbours(told)]
}

/**
 * Nodes of one subnet that do not hear each other: two halves of a LAN, of which nobody hears both. Who hears nobody at all
 * is told of as that.
 */
function unheardNeighbours(told: readonly Told[]): Finding[] {
  const heardBy = new Map(told.map(({ node, peers }) => [node, new Set(peers.map((peer) => peer.node))]))
  const found: Finding[] = []
  for (const [subnet, nodes] of nodesBySubnet(told.filter(({ peers }) => peers.length > 0))) {
    for (const node of nodes) {
      const known = heardBy.get(node)
      const unheard = [...nodes].filter(
        (other) => node < other && known?.has(other) === false && heardBy.get(other)?.has(node) === false,
      )
      const strangers = unheard.filter(
        (other) => !told.some(({ node: third }) => hearsBoth(heardBy.get(third), node, other)),
      )
      if (strangers.length === 0) continue
      found.push({
        level: 'warning',
        reason: 'SubnetNotHeard',
        object: `Node ${node}`,
        what: `it and ${someOf(strangers, 5)} do not hear each other, though all have an interface in ${subnet}`,
        why: 'where that is one LAN two of them may answer for one address',
        remedy:
          'let UDP port 7946 to 224.0.0.254 through between them; nothing, where each has a LAN of its own with the same numbers',
      })
    }
  }
  return found
}

function hearsBoth(heard: ReadonlySet<string> | undefined, one: string, other: string): boolean {
  return heard?.has(one) === true && heard.has(other)
}

/** Of the interfaces that take part. */
function nodesBySubnet(told: readonly Told[]): ReadonlyMap<string, ReadonlySet<string>> {
  const nodesOf = new Map<string, Set<string>>()
  for (const { node, facts, segments } of told) {
    const active = new Set(
      segments.flatMap(({ interface: name, isUp, isListening }) => (isUp && !isListening ? name : [])),
    )
    for (const range of facts.interfaces.filter(({ name }) => active.has(name)).flatMap(subnetsOf)) {
      const subnet = formatRange(range)
      nodesOf.set(subnet, (nodesOf.get(subnet) ?? new Set()).add(node))
    }
  }
  return nodesOf
}

/** Nodes that hear each other and share no subnet; told once for two subnets, by the first such nodes. */
function foreignNeighbours(told: readonly Told[]): Finding[] {
  const found = new Map<string, Finding>()
  for (const { node, own, peer, other } of neighbours(told)) {
    const apart = subnetsApart(own, other)
    if (apart === null) continue
    const names = apart.map(formatRange)
    const key = names.toSorted().join()
    if (found.has(key)) continue
    found.set(key, {
      level: 'note',
      reason: 'HeardAcrossSubnets',
      object: `Node ${node}`,
      what: `on ${own.name} it hears ${peer}, with which it shares no subnet: ${names.join(' and ')}`,
      why: 'each may announce what belongs to the subnet of the other, and answers to clients go by the router',
      remedy:
        'nothing, where both subnets are meant to be on one LAN; else see what joins them: a bridge, a VLAN of the switch',
    })
  }
  return [...found.values()]
}

/** A subnet of each, of one family, where they have some and none in common; `null` where nothing can be said. */
function subnetsApart(own: InterfaceView, other: InterfaceView): [Range, Range] | null {
  const [ours, theirs] = [subnetsOf(own), subnetsOf(other)]
  if (ours.some((one) => theirs.some((each) => intersect(one, each) !== null))) return null
  for (const one of ours) {
    const apart = theirs.find(({ family }) => family === one.family)
    if (apart !== undefined) return [one, apart]
  }
  return null
}

function subnetsOf({ networks }: InterfaceView): Range[] {
  return networks.flatMap(subnetOf).filter(({ first }) => !isLinkLocal(first))
}
