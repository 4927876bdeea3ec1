// What the condition `typemetal.io/Announced` of a Service should say, as far as this node has a say in it. Pure.

import type { Service } from '../api/index.ts'
import type { ServiceIntent } from '../candidates/index.ts'
import { type Finding, findingOf, type Standing } from './standing.ts'

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
  const isKnown = standing.length > 0 && standing.length === intent.ips.length
  return isKnown ? findingOf(node, standing) : 'asItIs'
}

/** Of a Service that nobody announces any more the first of the speakers takes the condition away. */
function isFirst(node: string, speakers: ReadonlySet<string>): boolean {
  return speakers.has(node) && [...speakers].every((other) => node <= other)
}
