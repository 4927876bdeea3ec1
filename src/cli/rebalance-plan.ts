// Which addresses should move so that no node announces many more than another: as few as possible, and only to where they
// would stay. Pure; moves nothing.

import { isOurs } from '../allocator/index.ts'
import type { Service } from '../api/index.ts'
import { shownIPs } from '../candidates/index.ts'
import { keyOf } from '../kube/index.ts'
import type { Cluster } from './cluster.ts'
import { level } from './level.ts'

export interface Move {
  /** More than one only where they share an address. */
  readonly services: readonly string[]
  readonly addresses: readonly string[]
  readonly from: string
  readonly to: string
}

/** How many addresses a node announces. */
export interface NodeLoad {
  readonly node: string
  readonly before: number
  /** When all of the plan is done. */
  readonly after: number
}

export interface Plan {
  /** All that may announce and whose speaker is ready, by name. */
  readonly nodes: readonly NodeLoad[]
  readonly moves: readonly Move[]
}

/** What moves as one: a Service, or all those that share addresses with each other. */
interface Unit {
  readonly services: readonly string[]
  readonly addresses: readonly string[]
  readonly holders: readonly string[]
  readonly targets: readonly string[]
}

/** What several nodes announce, on segments of their own or during a handover, stays where it is. */
export function planOf(cluster: Cluster): Plan {
  const { loadBalancerClass } = cluster.installation
  const ours = cluster.services.filter((service) => isOurs(service, loadBalancerClass))
  const nodes = [...cluster.view.eligible].filter((node) => cluster.readySpeakers.has(node)).sort()
  const units = sharing(ours).map((services) => unitOf(services, cluster))
  const isMovable = ({ holders }: Unit): boolean => holders.length === 1 && nodes.includes(holders[0] ?? '')
  const [movable, fixed] = [units.filter(isMovable), units.filter((unit) => !isMovable(unit))]
  const loads = movable.map(({ addresses, holders: [holder = ''], targets }) => ({
    size: addresses.length,
    holder,
    targets,
  }))
  const carried = (node: string): number => countOf(fixed.filter(({ holders }) => holders.includes(node)))
  const holders = level(new Map(nodes.map((node) => [node, carried(node)])), loads)
  return {
    nodes: nodes.map((node) => ({
      node,
      before: countOf(units.filter((unit) => unit.holders.includes(node))),
      after: carried(node) + countOf(movable.filter((_, index) => holders[index] === node)),
    })),
    moves: movable.flatMap(({ services, addresses, holders: [from = ''] }, index) => {
      const to = holders[index] ?? from
      return to === from ? [] : [{ services, addresses, from, to }]
    }),
  }
}

function countOf(units: readonly Unit[]): number {
  return units.reduce((sum, { addresses }) => sum + addresses.length, 0)
}

/** Services grouped by the addresses that they share, directly or by way of others; those without an address are left out. */
function sharing(services: readonly Service[]): Service[][] {
  const groupOf = new Map<string, Set<Service>>()
  for (const service of services) {
    const groups = new Set(shownIPs(service).flatMap((ip) => groupOf.get(ip) ?? []))
    const group = new Set([...groups].flatMap((each) => [...each]).concat(service))
    for (const ip of [...group].flatMap(shownIPs)) groupOf.set(ip, group)
  }
  return [...new Set(groupOf.values())].map((group) => [...group])
}

function unitOf(group: readonly Service[], cluster: Cluster): Unit {
  const services = group.map(keyOf).sort()
  const allowed = group.map((service) => stayingPlaces(service, cluster))
  const [first = [], ...others] = allowed
  return {
    services,
    addresses: [...new Set(group.flatMap(shownIPs))],
    holders: [...new Set(services.flatMap((key) => cluster.announcers.get(key) ?? []))],
    targets: first.filter((node) => others.every((nodes) => nodes.includes(node))),
  }
}

/** The candidates that no other one would take the Service's addresses back from. */
function stayingPlaces(service: Service, cluster: Cluster): string[] {
  const intent = cluster.intentOf(service)
  if (typeof intent === 'string') return []
  const ready = intent.candidates.filter(({ node }) => cluster.readySpeakers.has(node))
  return ready.filter(({ score }) => score === ready[0]?.score).map(({ node }) => node)
}
