// What the speaker keeps of the objects that it watches: of thousands of them little is of account to it. Pure.

import {
  ANNOTATION,
  ANNOUNCED_CONDITION,
  deprecatedName,
  type EndpointSlice,
  type Node,
  type ObjectMeta,
  type Pod,
  type Service,
  type ServiceL2Status,
} from '../api/index.ts'

export const SERVICE_OF_SLICE = 'kubernetes.io/service-name'

const ANNOTATIONS = [
  ANNOTATION.allocatedFromPool,
  ANNOTATION.allowSharedIP,
  deprecatedName(ANNOTATION.allowSharedIP),
]

export function keptService({ metadata = {}, spec = {}, status = {} }: Service): Service {
  const { type, loadBalancerClass, externalTrafficPolicy } = spec
  const { loadBalancer, conditions = [] } = status
  return {
    metadata: {
      ...identityOf(metadata),
      labels: metadata.labels ?? {},
      annotations: pick(metadata.annotations, ANNOTATIONS),
    },
    spec: {
      ...(type !== undefined && { type }),
      ...(loadBalancerClass !== undefined && { loadBalancerClass }),
      ...(externalTrafficPolicy !== undefined && { externalTrafficPolicy }),
    },
    status: {
      ...(loadBalancer !== undefined && { loadBalancer }),
      conditions: conditions.filter(({ type: condition }) => condition === ANNOUNCED_CONDITION),
    },
  }
}

/** Of the endpoints their nodes and whether they serve. */
export function keptSlice({ metadata = {}, addressType, endpoints }: EndpointSlice): EndpointSlice {
  return {
    metadata: { ...identityOf(metadata), labels: pick(metadata.labels, [SERVICE_OF_SLICE]) },
    addressType,
    endpoints: (endpoints ?? []).map(({ nodeName, conditions: { ready, serving } = {} }) => ({
      addresses: [],
      ...(nodeName !== undefined && { nodeName }),
      conditions: { ...(ready !== undefined && { ready }), ...(serving !== undefined && { serving }) },
    })),
  }
}

export function keptNode({ metadata = {}, spec, status }: Node): Node {
  return {
    metadata: { ...identityOf(metadata), labels: metadata.labels ?? {} },
    spec: { taints: spec?.taints ?? [] },
    status: { conditions: (status?.conditions ?? []).filter(({ type }) => type === 'NetworkUnavailable') },
  }
}

export function keptPod({ metadata = {}, spec, status }: Pod): Pod {
  return {
    metadata: identityOf(metadata),
    ...(spec?.nodeName !== undefined && { spec: { nodeName: spec.nodeName, containers: [] } }),
    status: { conditions: (status?.conditions ?? []).filter(({ type }) => type === 'Ready') },
  }
}

export function keptStatus({ apiVersion, kind, metadata, status }: ServiceL2Status): ServiceL2Status {
  return { apiVersion, kind, metadata: identityOf(metadata), ...(status !== undefined && { status }) }
}

function identityOf({ name, namespace, uid, resourceVersion, creationTimestamp }: ObjectMeta): ObjectMeta {
  return {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
  }
}

function pick(from: Readonly<Record<string, string>> = {}, names: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of names) {
    const value = from[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}
