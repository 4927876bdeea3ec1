// Types of the Kubernetes objects that Typemetal reads and writes, and the names in them. No behaviour.
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts'
import type { ConfigurationStateContent } from './generated/configurationstates.ts'
import type { IPAddressPoolContent } from './generated/ipaddresspools.ts'
import type { L2AdvertisementContent } from './generated/l2advertisements.ts'
import type { ServiceL2StatusContent } from './generated/servicel2statuses.ts'

/** What every object has. The API server always fills `metadata`; an object on its way there may lack it. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
}

interface CustomObject<Kind extends string> {
  apiVersion: 'metallb.io/v1beta1'
  kind: Kind
  metadata: ObjectMeta
}

export type IPAddressPool = CustomObject<'IPAddressPool'> & IPAddressPoolContent
export type L2Advertisement = CustomObject<'L2Advertisement'> & L2AdvertisementContent
export type ServiceL2Status = CustomObject<'ServiceL2Status'> & ServiceL2StatusContent
export type ConfigurationState = CustomObject<'ConfigurationState'> & ConfigurationStateContent

export type {
  ConfigMap,
  Container,
  ContainerStatus,
  EnvVar,
  Event as KubeEvent,
  KeyToPath,
  Namespace,
  Node,
  NodeStatus,
  Pod,
  PodCondition,
  PodStatus,
  Probe,
  Secret,
  Service,
  Volume,
  VolumeProjection,
} from 'kubernetes-types/core/v1.d.ts'
export type { ServiceCIDR } from 'kubernetes-types/networking/v1alpha1.d.ts' // v1 has the same fields
export type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts'
export type { Lease } from 'kubernetes-types/coordination/v1.d.ts'
export type { Condition, LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1.d.ts'

export {
  ANNOTATION,
  ANNOUNCED_CONDITION,
  ALLOCATED_CONDITION,
  deprecatedName,
  EXCLUDE_LABEL,
  PREFERRED_NODE,
  GROUP,
  SERVICE_OF_SLICE,
  VERSION,
} from './names.ts'
