// What the candidates of all Services rest on: the configuration, the nodes, and what speaks against some of them.

import { EXCLUDE_LABEL, type Node } from '../api/index.ts'
import {
  type Advertisement,
  type AnnouncingNode,
  announcingNodes,
  type Configuration,
  type Labels,
} from '../config/index.ts'

/**
 * Why a node announces nothing at all.
 *
 * - NoSpeaker: no speaker was placed on it. Whether it lives, the other speakers hear.
 * - ExcludedByLabel: its owner set node.kubernetes.io/exclude-from-external-load-balancers.
 * - OutOfService: given up for lost, with the taint node.kubernetes.io/out-of-service.
 * - NetworkUnavailable: its condition of this name is True.
 */
export type NodeBar = 'NoSpeaker' | 'ExcludedByLabel' | 'OutOfService' | 'NetworkUnavailable'

/** Made once for all Services. */
export interface ClusterView {
  readonly configuration: Configuration
  readonly nodes: readonly { readonly name: string; readonly labels: Labels }[]
  /** Nodes that a speaker was placed on. */
  readonly speakers: ReadonlySet<string>
  /** Those of them that nothing speaks against. */
  readonly eligible: ReadonlySet<string>
  /** By node, of the others. */
  readonly bars: ReadonlyMap<string, NodeBar>
  /** Who may announce what these are for, whatever speaks against a node; the same list for the same advertisements. */
  readonly announcing: (advertisements: readonly Advertisement[]) => readonly AnnouncingNode[]
}

export interface ClusterObjects {
  readonly configuration: Configuration
  readonly nodes: readonly Node[]
  /** Nodes that a speaker was placed on. */
  readonly speakers: ReadonlySet<string>
  /** Of nodes with the label exclude-from-external-load-balancers. */
  readonly ignoreExcludeLabel: boolean
}

/** Set by an administrator, or a fencing program, on a node that is known to be shut down. */
const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service'

export function clusterView(objects: ClusterObjects): ClusterView {
  const { configuration, nodes, speakers } = objects
  const bars = new Map(
    nodes.flatMap((node) => {
      const bar = barOf(node, objects)
      return bar === null ? [] : [[nameOf(node), bar] as const]
    }),
  )
  const named = nodes.map((node) => ({ name: nameOf(node), labels: node.metadata?.labels ?? {} }))
  return {
    configuration,
    speakers,
    nodes: named,
    announcing: remembered((advertisements) => announcingNodes(advertisements, named)),
    eligible: new Set([...speakers].filter((name) => !bars.has(name))),
    bars,
  }
}

/** Thousands of Services have the same few advertisements: they share what follows from them. */
function remembered(announcing: ClusterView['announcing']): ClusterView['announcing'] {
  const known = new Map<string, readonly AnnouncingNode[]>()
  return (advertisements) => {
    const names = advertisements.map(({ name }) => name).join(' ')
    const nodes = known.get(names) ?? announcing(advertisements)
    known.set(names, nodes)
    return nodes
  }
}

function barOf(node: Node, { speakers, ignoreExcludeLabel }: ClusterObjects): NodeBar | null {
  const { metadata, spec, status } = node
  if (!ignoreExcludeLabel && EXCLUDE_LABEL in (metadata?.labels ?? {})) return 'ExcludedByLabel'
  if (spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT)) return 'OutOfService'
  const conditions = status?.conditions ?? []
  if (conditions.some(({ type, status: value }) => type === 'NetworkUnavailable' && value === 'True'))
    return 'NetworkUnavailable'
  return speakers.has(nameOf(node)) ? null : 'NoSpeaker'
}

function nameOf({ metadata }: Node): string {
  return metadata?.name ?? ''
}
