// What is wrong on the wire, as the speakers say: who does not hear whom, and what should not be twice. Pure.

import { anySelects } from '../config/index.ts'
import type { Hearing, PeerView } from '../status/index.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'

type Heard = Exclude<Hearing, { problem: string }>

export function checkSegments(cluster: Cluster, hearings: readonly Hearing[]): Finding[] {
  const heard = hearings.filter((hearing): hearing is Heard => !('problem' in hearing))
  return [
    ...hearings.flatMap((hearing) => ('problem' in hearing ? notAsked(hearing) : [])),
    ...heard.flatMap((hearing) => [...cutOff(hearing, heard, cluster), ...ofNode(hearing)]),
    ...deafPairs(heard),
    ...doubleMacs(heard),
    ...missingInterfaces(cluster, heard),
  ]
}

function notAsked({ node, problem }: { node: string; problem: string }): Finding {
  return {
    level: 'note',
    reason: 'SpeakerNotAsked',
    object: `Node ${node}`,
    what: `its speaker could not be asked: ${problem}`,
    why: 'what only it can see was not looked at: whom it hears, which interfaces it has',
    remedy:
      'run doctor where the nodes can be reached, by who may create tokens in the namespace of Typemetal',
  }
}

/** One that cannot take part, or nobody takes part with. */
function cutOff(hearing: Heard, all: readonly Heard[], { view: { eligible } }: Cluster): Finding[] {
  const { node, segments, facts, peers } = hearing
  const found = { level: 'warning', object: `Node ${node}` } as const
  // Where nothing may be announced there is no segment, whatever the links are.
  const links = segments.length > 0 ? segments : facts?.interfaces
  if (eligible.has(node) && links?.every(({ isUp }) => !isUp) === true) {
    return [
      {
        ...found,
        reason: 'NoSegment',
        what: 'no interface of it is up that could announce',
        why: 'it can announce nothing',
        remedy: 'see its links, and the excluded interfaces',
      },
    ]
  }
  const hasOthers = all.some((other) => other !== hearing && takesPart(other))
  if (peers.length > 0 || !takesPart(hearing) || !hasOthers) return []
  return [
    {
      ...found,
      reason: 'HearsNobody',
      what: 'it hears no other speaker',
      why: 'alone on its segment nobody takes its addresses over; else two nodes may answer for one address',
      remedy: LET_HELLOS_THROUGH,
    },
  ]
}

function takesPart({ segments }: Heard): boolean {
  return segments.some(({ isUp }) => isUp)
}

function ofNode({ node, segments, peers }: Heard): Finding[] {
  const found: Finding[] = []
  for (const { interface: name, isUp, isListening, hasQuorum } of segments) {
    if (!isUp || isListening || hasQuorum || peers.length === 0) continue
    found.push({
      level: 'warning',
      reason: 'NoQuorum',
      object: `Node ${node}`,
      what: `on ${name} it hears less than half of the speakers that it knows`,
      why: 'who hears the smaller part gives way when they meet again',
      remedy: LET_HELLOS_THROUGH,
    })
  }
  for (const peer of peers) found.push(...ofPeer(node, peer))
  return found
}

const LET_HELLOS_THROUGH =
  'let UDP port 7946 to 224.0.0.254 through: switches with IGMP snooping, bridges, filters'

function ofPeer(hearer: string, { node, isDeaf, isStale, interface: name }: PeerView): Finding[] {
  const object = `Node ${node}`
  const found: Finding[] = []
  if (isDeaf) {
    found.push({
      level: 'warning',
      reason: 'DeafSpeaker',
      object,
      what: `${hearer} hears on ${name} that it hears next to nobody`,
      why: 'it counts as dead, and what it announces others take over',
      remedy: LET_HELLOS_THROUGH,
    })
  }
  if (isStale) {
    found.push({
      level: 'warning',
      reason: 'StaleSpeaker',
      object,
      what: `${hearer} hears that it has had no word of the API server for a while`,
      why: 'it announces by what it knew last',
      remedy: 'see whether the node reaches the API server, and the log of its speaker',
    })
  }
  return found
}

/** Of two that some third hears on one interface each should hear the other. */
function deafPairs(heard: readonly Heard[]): Finding[] {
  const hears = new Map(heard.map(({ node, peers }) => [node, new Set(peers.map((peer) => peer.node))]))
  const together = sharedSegments(heard)
  const found: Finding[] = []
  for (const [a, ofA] of hears) {
    for (const [b, ofB] of hears) {
      if (a === b || ofA.has(b)) continue
      const isOneWay = ofB.has(a)
      if (!isOneWay && !(a < b && together.get(a)?.has(b))) continue
      found.push({
        level: 'error',
        reason: isOneWay ? 'HeardOneWay' : 'NotHeard',
        object: `Node ${a}`,
        what: isOneWay
          ? `it does not hear ${b}, which hears it`
          : `it and ${b} do not hear each other, though others hear both`,
        why: 'both may answer for one address',
        remedy: LET_HELLOS_THROUGH,
      })
    }
  }
  return found
}

/** Nodes that somebody hears on one and the same interface. */
function sharedSegments(heard: readonly Heard[]): ReadonlyMap<string, ReadonlySet<string>> {
  const together = new Map<string, Set<string>>()
  for (const { peers } of heard) {
    const byInterface = new Map<string, string[]>()
    for (const { interface: name, node } of peers)
      byInterface.set(name, [...(byInterface.get(name) ?? []), node])
    for (const nodes of byInterface.values()) {
      for (const node of nodes) together.set(node, new Set([...(together.get(node) ?? []), ...nodes]))
    }
  }
  return together
}

function doubleMacs(heard: readonly Heard[]): Finding[] {
  const nodesOf = new Map<string, Set<string>>()
  for (const { node, mac } of heard.flatMap(({ peers }) => peers)) {
    nodesOf.set(mac, new Set([...(nodesOf.get(mac) ?? []), node]))
  }
  return [...nodesOf]
    .filter(([, nodes]) => nodes.size > 1)
    .map(([mac, nodes]) => ({
      level: 'error',
      reason: 'DuplicateMAC',
      object: `Node ${[...nodes].sort().join(' and ')}`,
      what: `they speak from one MAC, ${mac}`,
      why: 'switches send the traffic of both now here, now there',
      remedy: 'give each machine a MAC of its own: clones of virtual machines often share theirs',
    }))
}

/** Interfaces that an advertisement names and none of its nodes has, once all of them have told theirs. */
function missingInterfaces({ configuration, view }: Cluster, heard: readonly Heard[]): Finding[] {
  const interfacesOf = new Map(
    heard.flatMap(({ node, facts }) => (facts === null ? [] : [[node, facts.interfaces] as const])),
  )
  return configuration.advertisements.flatMap(({ name, interfaces, nodeSelectors }) => {
    const nodes = view.nodes.filter(
      (node) => view.speakers.has(node.name) && anySelects(nodeSelectors, node.labels),
    )
    if (nodes.length === 0 || !nodes.every((node) => interfacesOf.has(node.name))) return []
    const known = new Set(nodes.flatMap((node) => interfacesOf.get(node.name) ?? []).map((each) => each.name))
    const missing = interfaces.filter((wanted) => !known.has(wanted))
    if (missing.length === 0) return []
    return [
      {
        level: 'warning',
        reason: 'NoSuchInterface',
        object: `L2Advertisement ${name}`,
        what: `it names ${missing.join(', ')}, which none of its nodes could announce on`,
        why: 'there nothing is announced by it',
        remedy: 'correct spec.interfaces; names are exact, and excluded interfaces do not count',
      },
    ]
  })
}
