// What the controller's copy keeps of nodes and pods: of thousands the lists of their images would be most of the
// memory. Pure.

import type { Node, Pod } from '../api/index.ts'
import { identityOf, ofType, pick } from '../kube/index.ts'

/** Addresses, and what decides whether it may announce. */
export function keptOfNode({ metadata, spec, status }: Node): Node {
  return {
    metadata: Object.assign(identityOf(metadata), { labels: metadata?.labels ?? {} }),
    spec: { taints: spec?.taints ?? [] },
    status: {
      addresses: status?.addresses ?? [],
      conditions: ofType('NetworkUnavailable', status?.conditions),
    },
  }
}

/** Of a speaker's pod: where it runs and is found, what it runs, and whether it is Ready. */
export function keptOfPod({ metadata, spec, status }: Pod): Pod {
  const containers = (spec?.containers ?? []).map(({ name, image = '', args = [] }) => ({
    name,
    image,
    args,
  }))
  return {
    metadata: identityOf(metadata),
    spec: { containers, nodeName: spec?.nodeName ?? '' },
    status: Object.assign(pick(status, ['podIP']), { conditions: ofType('Ready', status?.conditions) }),
  }
}
