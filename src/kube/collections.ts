// The collections that our programs read and write.

import type {
  ConfigMap,
  ConfigurationState,
  EndpointSlice,
  IPAddressPool,
  KubeEvent,
  KubeObject,
  L2Advertisement,
  Lease,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceCIDR,
  ServiceL2Status,
} from '../api/index.ts'
import { GROUP, VERSION } from '../api/index.ts'
import type { Resource } from './resource.ts'

function core<T extends KubeObject>(kind: string, plural: string, namespaced = true): Resource<T> {
  return { apiVersion: 'v1', kind, plural, namespaced }
}

function own<T extends KubeObject>(kind: string, plural: string): Resource<T> {
  return { apiVersion: `${GROUP}/${VERSION}`, kind, plural, namespaced: true }
}

export const SERVICES = core<Service>('Service', 'services')
export const PODS = core<Pod>('Pod', 'pods')
export const NODES = core<Node>('Node', 'nodes', false)
export const SECRETS = core<Secret>('Secret', 'secrets')
export const NAMESPACES = core<Namespace>('Namespace', 'namespaces', false)
export const EVENTS = core<KubeEvent>('Event', 'events')
export const CONFIG_MAPS = core<ConfigMap>('ConfigMap', 'configmaps')
export const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
}
export const SERVICE_CIDRS: Resource<ServiceCIDR> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
}
export const LEASES: Resource<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}
export const IP_ADDRESS_POOLS = own<IPAddressPool>('IPAddressPool', 'ipaddresspools')
export const L2_ADVERTISEMENTS = own<L2Advertisement>('L2Advertisement', 'l2advertisements')
export const CONFIGURATION_STATES = own<ConfigurationState>('ConfigurationState', 'configurationstates')
export const SERVICE_L2_STATUSES = own<ServiceL2Status>('ServiceL2Status', 'servicel2statuses')
