// The whole on one screen: the programs, the nodes, the pools, how many Services are served, and what is wrong. Pure.

import { activeController } from './active-controller.ts'
import type { Cluster } from './cluster.ts'
import { diagnose } from './doctor.ts'
import { type Finding, type Level } from './finding.ts'
import { type PoolReport, poolReports } from './pool-report.ts'
import { serviceReports, type ServiceState } from './service-report.ts'

export interface NodeOverview {
  readonly name: string
  readonly speaker: 'Ready' | 'NotReady' | 'None'
  /** Why it may announce nothing although its speaker is ready; `null`: it may. */
  readonly barred: string | null
  /** Services that it says it announces. */
  readonly announces: number
}

export interface Overview {
  readonly controllers: { readonly ready: number; readonly all: number; readonly active: string | null }
  readonly speakers: { readonly ready: number; readonly all: number }
  readonly nodes: readonly NodeOverview[]
  readonly pools: readonly PoolReport[]
  /** How many Services are in which state. */
  readonly services: Readonly<Record<ServiceState, number>>
  /** How many findings there are of each level. */
  readonly findings: Readonly<Record<Level, number>>
  /** The worst of them. */
  readonly worst: Finding | null
}

export function overviewOf(cluster: Cluster): Overview {
  const findings = diagnose(cluster, [])
  const services: Record<ServiceState, number> = { Announced: 0, NotAnnounced: 0, Pending: 0, Foreign: 0 }
  for (const { state } of serviceReports(cluster)) services[state] += 1
  const levels: Record<Level, number> = { error: 0, warning: 0, note: 0 }
  for (const { level } of findings) levels[level] += 1
  const [worst] = findings
  return {
    controllers: { ...readiness(cluster, 'controller'), active: activeController(cluster)?.pod ?? null },
    speakers: readiness(cluster, 'speaker'),
    nodes: nodesOf(cluster),
    pools: poolReports(cluster),
    services,
    findings: levels,
    worst: worst === undefined || worst.level === 'note' ? null : worst,
  }
}

function readiness(
  { programs }: Cluster,
  component: 'controller' | 'speaker',
): { readonly ready: number; readonly all: number } {
  const pods = programs.filter((program) => program.component === component)
  return { ready: pods.filter(({ isReady }) => isReady).length, all: pods.length }
}

function barOf(node: string, { bars }: Cluster['view']): string | null {
  const bar = bars.get(node) ?? null
  return bar === 'NoSpeaker' ? null : bar
}

function nodesOf({ view, readySpeakers, announcers }: Cluster): NodeOverview[] {
  const counts = new Map<string, number>()
  for (const nodes of announcers.values()) {
    for (const node of nodes) counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  const names = new Set([...view.nodes.map(({ name }) => name), ...view.speakers, ...counts.keys()])
  return [...names]
    .filter((name) => name !== '')
    .sort()
    .map((name) => ({
      name,
      speaker: readySpeakers.has(name) ? 'Ready' : view.speakers.has(name) ? 'NotReady' : 'None',
      barred: barOf(name, view),
      announces: counts.get(name) ?? 0,
    }))
}
