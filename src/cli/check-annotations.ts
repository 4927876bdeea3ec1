// What is wrong with what a Service asks for by annotations, besides what keeps it from its address. Pure.

import { ANNOTATION, deprecatedName, PREFERRED_NODE, type Service } from '../api/index.ts'
import { keyOf } from '../kube/index.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'
import { isPreferredForNow, takingAway } from './passing-preference.ts'

export function annotationFindings(service: Service, cluster: Cluster): Finding[] {
  const object = `Service ${keyOf(service)}`
  return [...deprecated(service), ...preferredInVain(service, cluster)].map((found) => ({ ...found, object }))
}

function deprecated(service: Service): Omit<Finding, 'object'>[] {
  const { annotations = {} } = service.metadata ?? {}
  const asked = [ANNOTATION.addressPool, ANNOTATION.loadBalancerIPs, ANNOTATION.allowSharedIP]
  const found = asked.map(deprecatedName).filter((name) => Object.hasOwn(annotations, name))
  if (found.length === 0) return []
  return [
    {
      level: 'note',
      reason: 'deprecatedAnnotation',
      what: `it uses ${found.join(', ')}`,
      why: 'the name is from before MetalLB 0.13, and may be forgotten one day',
      remedy: 'use the same annotation with the prefix metallb.io',
    },
  ]
}

function preferredInVain(service: Service, cluster: Cluster): Omit<Finding, 'object'>[] {
  const preferred = service.metadata?.annotations?.[PREFERRED_NODE]
  if (preferred === undefined) return []
  if (isPreferredForNow(service)) {
    return [
      {
        level: 'note',
        reason: 'RebalanceLeft',
        what: `it prefers ${preferred} on account of a rebalance`,
        why: 'one goes on, or was broken off and left the annotation behind',
        remedy: `if none goes on: ${takingAway([keyOf(service)])}; or let kubectl typemetal rebalance do it`,
      },
    ]
  }
  const intent = cluster.intentOf(service)
  if (cluster.isPartial || typeof intent === 'string') return []
  if (intent.candidates.some(({ node }) => node === preferred)) return []
  return [
    {
      level: 'warning',
      reason: 'PreferredNodeUnable',
      what: `it prefers ${preferred}, which may not announce it`,
      why: 'another node announces it, as if the annotation were not there',
      remedy: `see why not: kubectl typemetal explain; or correct the annotation ${PREFERRED_NODE}`,
    },
  ]
}
