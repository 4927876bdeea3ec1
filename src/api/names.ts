// Names that other programs see: the group, annotations, labels. What they mean is decided where they are read.

export const GROUP = 'metallb.io'
export const VERSION = 'v1beta1'

/** Annotations of a Service, under the group as prefix, or under the deprecated one. */
export const ANNOTATION = {
  /** In: the pool to take the address from. */
  addressPool: `${GROUP}/address-pool`,
  /** In: the addresses to take, one or a pair of both families, with a comma between. */
  loadBalancerIPs: `${GROUP}/loadBalancerIPs`,
  /** In: Services with the same key may share an address. */
  allowSharedIP: `${GROUP}/allow-shared-ip`,
  /** Out: the pool that the address is from. */
  allocatedFromPool: `${GROUP}/ip-allocated-from-pool`,
} as const

/** In, on a Service: the node that announces it rather than any other; counts for nothing where that node may not. */
export const PREFERRED_NODE = 'typemetal.io/preferred-node'

/** The condition of a Service that says whether it has its addresses, and why not. */
export const ALLOCATED_CONDITION = 'typemetal.io/Allocated'

/** The condition of a Service that says whether its holder announces its addresses, and why not. */
export const ANNOUNCED_CONDITION = 'typemetal.io/Announced'

/** On an EndpointSlice: the Service that it belongs to. */
export const SERVICE_OF_SLICE = 'kubernetes.io/service-name'

/** On a node, with whatever value: no load balancer may use it. */
export const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers'

/** Prefix that MetalLB's annotations had before v0.13; still read, with a warning. */
const DEPRECATED_PREFIX = 'metallb.universe.tf'

/** The name that one of the annotations that we read had before v0.13. */
export function deprecatedName(annotation: string): string {
  return annotation.replace(GROUP, DEPRECATED_PREFIX)
}
