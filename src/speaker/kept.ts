// What the speaker keeps of the objects that it watches: of thousands of them little is of account to it. Pure.

import {
  ANNOTATION,
  ANNOUNCED_CONDITION,
  deprecatedName,
  type EndpointSlice,
  type Node,
  type Pod,
  PREFERRED_NODE,
  type Service,
  SERVICE_OF_SLICE,
  type ServiceL2Status,
} from '../api/index.ts'
import { identityOf, ofType, pick } from '../kube/index.ts'

const ANNOTATIONS = [
  ANNOTATION.allocatedFromPool,
  ANNOTATION.allowSharedIP,
  deprecatedName(ANNOTATION.allowSharedIP),
  PREFERRED_NODE,
]

export function keptService({ metadata, spec, status }: Service): Service {
  return {
    metadata: Object.assign(identityOf(metadata), {
      creationTimestamp: metadata?.creationTimestamp ?? '',
      labels: metadata?.labels ?? {},
      annotations: pick(metadata?.annotations, ANNOTATIONS),
    }),
    spec: pick(spec, ['type', 'loadBalancerClass', 'externalTrafficPolicy']),
    status: Object.assign(pick(status, ['loadBalancer']), {
      conditions: ofType(ANNOUNCED_CONDITION, status?.conditions),
    }),
  }
}

/** Of the endpoints their nodes and whether they serve. */
export function keptSlice({ metadata, addressType, endpoints }: EndpointSlice): EndpointSlice {
  return {
    metadata: Object.assign(identityOf(metadata), { labels: pick(metadata?.labels, [SERVICE_OF_SLICE]) }),
    addressType,
    endpoints: (endpoints ?? []).map((endpoint) =>
      Object.assign(pick(endpoint, ['nodeName']), {
        addresses: [],
        conditions: pick(endpoint.conditions, ['ready', 'serving']),
      }),
    ),
  }
}

export function keptNode({ metadata, spec, status }: Node): Node {
  return {
    metadata: Object.assign(identityOf(metadata), { labels: metadata?.labels ?? {} }),
    spec: pick(spec, ['taints']),
    status: { conditions: ofType('NetworkUnavailable', status?.conditions) },
  }
}

export function keptPod({ metadata, spec, status }: Pod): Pod {
  return {
    metadata: identityOf(metadata),
    spec: Object.assign(pick(spec, ['nodeName']), { containers: [] }),
    status: { conditions: ofType('Ready', status?.conditions) },
  }
}

export function keptStatus(object: ServiceL2Status): ServiceL2Status {
  const { apiVersion, kind, metadata } = object
  return Object.assign({ apiVersion, kind, metadata: identityOf(metadata) }, pick(object, ['status']))
}
