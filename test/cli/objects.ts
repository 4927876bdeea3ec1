// A small cluster as the API server shows it: three nodes, the programs, a pool and an advertisement; tests change parts.

import type {
  Condition,
  EndpointSlice,
  Lease,
  Node,
  Pod,
  Service,
  ServiceL2Status,
} from '../../src/api/index.ts'
import { type Cluster, type ClusterObjects, understand } from '../../src/cli/cluster.ts'
import { advertisement, namespace, pool } from '../config/objects.ts'

export const NOW = Date.parse('2026-01-01T12:00:00Z')

export const NODES = ['node-1', 'node-2', 'node-3']

export function node(
  name: string,
  { labels = {}, spec = {} }: { labels?: object; spec?: Node['spec'] } = {},
): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/os': 'linux', ...labels } },
    spec,
    status: {
      addresses: [{ type: 'InternalIP', address: `192.0.2.${10 + Number(name.at(-1))}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
}

export function programPod(
  component: 'controller' | 'speaker',
  on: string,
  { isReady = true, args = [] as string[], image = 'typemetal/typemetal:v0.1.0' } = {},
): Pod {
  return {
    metadata: {
      name: `${component}-${on}`,
      namespace: 'metallb-system',
      labels: { app: 'metallb', component },
    },
    spec: { nodeName: on, containers: [{ name: component, image, args: [component, ...args] }] },
    status: {
      phase: 'Running',
      podIP: `192.0.2.${10 + Number(on.at(-1))}`,
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  }
}

interface ServiceParts {
  readonly ips?: readonly string[]
  readonly conditions?: readonly Condition[]
  readonly annotations?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly spec?: Service['spec']
}

export function service(name: string, parts: ServiceParts = {}): Service {
  const { ips = [], conditions = [], annotations = {}, labels = {}, spec = {} } = parts
  return {
    metadata: {
      namespace: 'default',
      name,
      uid: name,
      annotations: { ...(ips.length > 0 && { 'metallb.io/ip-allocated-from-pool': 'lan' }), ...annotations },
      labels,
      creationTimestamp: '2026-01-01T11:00:00Z',
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80 }],
      ...spec,
    },
    status: {
      loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) },
      conditions: [...conditions],
    },
  }
}

export function condition(
  type: string,
  status: string,
  reason: string,
  message = 'it is as it is',
): Condition {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T11:00:00Z' }
}

/** Endpoints of a Service, one on each of the nodes. */
export function endpoints(of: string, nodes: readonly string[], ready = true): EndpointSlice {
  return {
    metadata: { namespace: 'default', name: `${of}-1`, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints: nodes.map((nodeName) => ({ addresses: ['10.244.0.1'], nodeName, conditions: { ready } })),
  }
}

export function announces(on: string, name: string, interfaces?: string[]): ServiceL2Status {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'ServiceL2Status',
    metadata: { name: `l2-${on}-${name}`, creationTimestamp: '2026-01-01T11:30:00Z' },
    status: {
      node: on,
      serviceName: name,
      serviceNamespace: 'default',
      ...(interfaces && { interfaces: interfaces.map((each) => ({ name: each })) }),
    },
  }
}

export function lease(holderIdentity: string, renewTime = '2026-01-01T11:59:58.000000Z'): Lease {
  return {
    metadata: { name: 'typemetal-controller' },
    spec: { holderIdentity, renewTime, leaseDurationSeconds: 15 },
  }
}

/** A cluster in which all is well, but for the parts given. */
export function clusterOf(parts: Partial<ClusterObjects> = {}): Cluster {
  return understand({
    services: [],
    slices: [],
    nodes: NODES.map((name) => node(name)),
    namespaces: [namespace('default')],
    serviceCidrs: [{ metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } }],
    pools: [pool('lan', ['192.0.2.100-192.0.2.109'])],
    advertisements: [advertisement('all', {})],
    statuses: [],
    states: [],
    pods: [programPod('controller', 'node-1'), ...NODES.map((name) => programPod('speaker', name))],
    leases: [lease('controller-node-1_0123')],
    nodeLeases: [],
    proxyConfig: [],
    events: [],
    unseen: [],
    readAt: NOW,
    namespace: 'metallb-system',
    ...parts,
  })
}
