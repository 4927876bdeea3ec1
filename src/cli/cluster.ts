// The cluster as it was read, and what follows from it by the rules of controller and speakers. Pure.

import {
  type AllocatorState,
  createState,
  type Decision,
  reconcileService,
  registerAll,
} from '../allocator/index.ts'
import {
  type ConfigMap,
  type ConfigurationState,
  type EndpointSlice,
  type IPAddressPool,
  type KubeEvent,
  type L2Advertisement,
  type Lease,
  type Namespace,
  type Node,
  type Pod,
  type Service,
  type ServiceCIDR,
  SERVICE_OF_SLICE,
  type ServiceL2Status,
} from '../api/index.ts'
import {
  type Configuration,
  nodeReservations,
  readConfiguration,
  serviceCidrReservations,
} from '../config/index.ts'
import {
  clusterView,
  type ClusterView,
  type ServiceIntent,
  serviceIntent,
  type Withheld,
} from '../candidates/index.ts'
import { keyOf } from '../kube/index.ts'
import { type Installation, installationOf, type ProgramPod, programPods } from '../program-pods.ts'

/** A collection that the API server did not show. */
export interface Unseen {
  readonly kind: string
  /** What the server said. */
  readonly message: string
  /** It does not know the kind. */
  readonly isUnknown: boolean
}

/** Of all namespaces, except where noted. */
export interface ClusterObjects {
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  readonly nodes: readonly Node[]
  readonly namespaces: readonly Namespace[]
  readonly serviceCidrs: readonly ServiceCIDR[]
  /** Of the installation's namespace, as all that follow. */
  readonly pools: readonly IPAddressPool[]
  readonly advertisements: readonly L2Advertisement[]
  readonly statuses: readonly ServiceL2Status[]
  readonly states: readonly ConfigurationState[]
  readonly pods: readonly Pod[]
  readonly leases: readonly Lease[]
  /** By which the kubelets say that they live, of kube-node-lease. */
  readonly nodeLeases: readonly Lease[]
  /** kube-proxy's, of kube-system; empty where it is not run from one. */
  readonly proxyConfig: readonly ConfigMap[]
  /** Of the one Service that was asked for. */
  readonly events: readonly KubeEvent[]
  readonly unseen: readonly Unseen[]
  /** When it was read, ms since 1970. */
  readonly readAt: number
  /** Of the installation. */
  readonly namespace: string
}

export interface Cluster extends ClusterObjects {
  readonly programs: readonly ProgramPod[]
  readonly installation: Installation
  readonly configuration: Configuration
  readonly view: ClusterView
  /** What the controller would decide now, of the Services that are ours, by key. */
  readonly decisions: ReadonlyMap<string, Decision>
  readonly allocation: AllocatorState
  /** Nodes that say that they announce a Service, sorted, by its key. */
  readonly announcers: ReadonlyMap<string, readonly string[]>
  readonly slicesOf: ReadonlyMap<string, readonly EndpointSlice[]>
  /** Nodes with a speaker that is Ready. */
  readonly readySpeakers: ReadonlySet<string>
  /** What the Service asks of the speakers, or why nothing; computed once for each. */
  readonly intentOf: (service: Service) => ServiceIntent | Withheld
  /** Not everything was seen that decisions and intents rest on, so that they say nothing. */
  readonly isPartial: boolean
}

export function understand(objects: ClusterObjects): Cluster {
  const programs = programPods(objects.pods)
  const installation = installationOf(programs)
  const configuration = readConfiguration({
    ...objects,
    reserved: [
      ...objects.nodes.flatMap(nodeReservations),
      ...objects.serviceCidrs.flatMap(serviceCidrReservations),
    ],
  })
  const speakers = programs.filter(({ component, node }) => component === 'speaker' && node !== '')
  const view = clusterView({
    configuration,
    nodes: objects.nodes,
    speakers: new Set(speakers.map(({ node }) => node)),
    ignoreExcludeLabel: installation.ignoreExcludeLabel,
  })
  const slicesOf = bySlicedService(objects.slices)
  return {
    ...objects,
    programs,
    installation,
    configuration,
    view,
    ...decide(objects.services, configuration, installation),
    announcers: announcersOf(objects.statuses),
    slicesOf,
    readySpeakers: new Set(speakers.flatMap(({ node, isReady }) => (isReady ? node : []))),
    intentOf: intents(slicesOf, view),
    isPartial: objects.unseen.some(({ kind, isUnknown }) => !isUnknown && DECISIVE.has(kind)),
  }
}

/** What decisions and intents rest on. */
const DECISIVE: ReadonlySet<string> = new Set([
  'Service',
  'EndpointSlice',
  'Node',
  'Namespace',
  'Pod',
  'IPAddressPool',
  'L2Advertisement',
])

function intents(slicesOf: Cluster['slicesOf'], view: ClusterView): Cluster['intentOf'] {
  const known = new Map<Service, ServiceIntent | Withheld>()
  return (service) => {
    const before = known.get(service)
    if (before !== undefined) return before
    const intent = serviceIntent(service, slicesOf.get(keyOf(service)) ?? [], view)
    known.set(service, intent)
    return intent
  }
}

/** As a controller that starts now would, one Service after the other. */
function decide(
  services: readonly Service[],
  configuration: Configuration,
  { loadBalancerClass }: Installation,
): Pick<Cluster, 'decisions' | 'allocation'> {
  const allocation = createState(configuration, loadBalancerClass)
  const byKey = new Map(services.map((service) => [keyOf(service), service]))
  const decisions = new Map<string, Decision>()
  for (const key of registerAll(allocation, services)) {
    const service = byKey.get(key)
    if (service !== undefined) decisions.set(key, reconcileService(allocation, service))
  }
  return { decisions, allocation }
}

export function announcersOf(statuses: readonly ServiceL2Status[]): Map<string, string[]> {
  const announcers = new Map<string, string[]>()
  for (const { status } of statuses) {
    const { node, serviceName, serviceNamespace } = status ?? {}
    if (node === undefined) continue // it was made a moment ago, and says nothing yet
    const key = `${serviceNamespace}/${serviceName}`
    announcers.set(key, [...(announcers.get(key) ?? []), node].sort())
  }
  return announcers
}

function bySlicedService(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const { namespace, labels } = slice.metadata ?? {}
    const key = `${namespace}/${labels?.[SERVICE_OF_SLICE]}`
    const list = groups.get(key)
    if (list === undefined) groups.set(key, [slice])
    else list.push(slice)
  }
  return groups
}
