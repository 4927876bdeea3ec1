// What the condition `typemetal.io/Announced` of a Service should say, as far as this node has a say in it. Pure.

import { ANNOUNCED_CONDITION, type Service } from '../api/index.ts'
import type { ServiceIntent } from '../candidates/index.ts'
import { type Finding, findingOf, nameOf, type Standing } from './standing.ts'

/** `absent`, or, where this node has no say in it, `asItIs`. */
export type WantedCondition = Finding | 'absent' | 'asItIs'

export interface ServiceOnNode {
  readonly service: Service
  /** Whether it is of our class. */
  readonly isOurs: boolean
  /** Undefined: no node may announce it. */
  readonly intent: ServiceIntent | undefined
  /** What became of it on this node. */
  readonly standing: Standing
}

/** `speakers`: the nodes whose speaker is Ready. */
export function wantedCondition(
  node: string,
  speakers: ReadonlySet<string>,
  { service, isOurs, intent, standing }: ServiceOnNode,
): WantedCondition {
  if (intent === undefined) {
    const mayClean = isFirst(node, speakers) && (isOurs || service.spec?.type !== 'LoadBalancer')
    return mayClean ? 'absent' : 'asItIs'
  }
  // Of two addresses on two nodes the one with the first speaks for the Service.
  if (standing[0]?.ip !== intent.ips[0]) return 'asItIs'
  const finding = findingOf(node, standing)
  return finding.reason === 'NoMatchingInterface' && !maySayNo(node, service, intent) ? 'asItIs' : finding
}

/** Who has no interface for it: another node may announce it all the same, and says so. */
function maySayNo(node: string, { status }: Service, { candidates }: ServiceIntent): boolean {
  const shown = status?.conditions?.find(({ type }) => type === ANNOUNCED_CONDITION)
  if (shown?.status === 'True') return shown.message.startsWith(nameOf(node)) || candidates.length === 1
  return candidates[0]?.node === node
}

/** Of a Service that nobody announces any more the first of the speakers takes the condition away. */
function isFirst(node: string, speakers: ReadonlySet<string>): boolean {
  return speakers.has(node) && [...speakers].every((other) => node <= other)
}
