// What the condition `typemetal.io/Announced` of a Service should say, as far as this node has a say in it. All nodes
// write the same condition, and two of them can announce one address rightfully, each on its LAN. So that they do not
// overwrite each other for ever: a text of another node gives way to one that weighs more, or to one as heavy when
// something has just changed for who writes it; its author alone takes it back, or, when his speaker lives no more, the
// first of the others. Pure.

import { ANNOUNCED_CONDITION, type Condition, type Service } from '../api/index.ts'
import type { ServiceIntent } from '../candidates/index.ts'
import { conditionOf } from '../kube/index.ts'
import { authorOf, type Finding, findingOf, type Standing } from './standing.ts'

/**
 * `asItIs`: this node has no say in it. `absentIfItStays`: what is shown is no longer so, and who knows better has not
 * said so yet.
 */
export type WantedCondition = Finding | 'absent' | 'absentIfItStays' | 'asItIs'

export interface ServiceOnNode {
  readonly service: Service
  /** Whether it is of our class. */
  readonly isOurs: boolean
  /** Undefined: no node may announce it. */
  readonly intent: ServiceIntent | undefined
  /** What became of it on this node. */
  readonly standing: Standing
  /** Whether that has changed since this node had its say last. */
  readonly isNews: boolean
}

/** The other nodes' speakers. */
export interface Speakers {
  /** Nodes whose speaker's pod is Ready. */
  readonly ready: ReadonlySet<string>
  /** Nodes that are heard on the wire. */
  readonly heard: ReadonlySet<string>
}

export function wantedCondition(
  node: string,
  speakers: Speakers,
  { service, isOurs, intent, standing, isNews }: ServiceOnNode,
): WantedCondition {
  if (!isOurs && service.spec?.type === 'LoadBalancer') return 'asItIs'
  const shown = conditionOf(service, ANNOUNCED_CONDITION)
  const author = shown && authorOf(shown.message)
  const lives = (each: string): boolean =>
    each === node || speakers.ready.has(each) || speakers.heard.has(each)
  // Of two addresses on two nodes the one with the first speaks for the Service.
  if (intent !== undefined && standing[0]?.ip === intent.ips[0]) {
    const finding = findingOf(node, standing)
    const isFirst = intent.candidates.find((candidate) => lives(candidate.node))?.node === node
    if (author === node || outweighs(finding, shown, { isFirst, isNews })) return finding
  }
  if (shown === undefined) return 'asItIs'
  if (author === node) return intent === undefined ? 'absent' : 'absentIfItStays'
  const isCleaner = [...speakers.ready].every((other) => node <= other)
  return isCleaner && (author === undefined || !lives(author)) ? 'absentIfItStays' : 'asItIs'
}

/** Against what another node says, or nobody says anything. */
function outweighs(
  finding: Finding,
  shown: Condition | undefined,
  { isFirst, isNews }: { readonly isFirst: boolean; readonly isNews: boolean },
): boolean {
  const weight = weightOf(finding)
  // Who has no interface for it: another node may announce it all the same, and says so.
  if (weight === 0) return shown === undefined && isFirst
  return shown === undefined || weight > weightOf(shown) || (isNews && weight === weightOf(shown))
}

function weightOf({ status, reason }: Pick<Condition, 'status' | 'reason'>): number {
  if (status === 'True') return 2
  return reason === 'AddressConflict' ? 1 : 0
}
