// What is read of a cluster: which collections, and of which namespace each.

import type { KubeObject } from '../api/index.ts'
import {
  CONFIG_MAPS,
  CONFIGURATION_STATES,
  ENDPOINT_SLICES,
  EVENTS,
  IP_ADDRESS_POOLS,
  L2_ADVERTISEMENTS,
  LEASES,
  NAMESPACES,
  NODES,
  PODS,
  type Resource,
  SERVICE_CIDRS,
  SERVICE_L2_STATUSES,
  SERVICES,
} from '../kube/index.ts'
import type { ClusterObjects } from './cluster.ts'

/** Those members of a cluster's objects that are collections of the API. */
export type CollectionName = Exclude<keyof ClusterObjects, 'unseen' | 'readAt' | 'namespace'>

type ObjectOf<Name extends CollectionName> = ClusterObjects[Name][number] & KubeObject

export interface Collection<T extends KubeObject> {
  readonly resource: Resource<T>
  readonly scope: { readonly namespace?: string; readonly fieldSelector?: string }
  /** What to read for who may not read all of it. */
  readonly narrowed?: { readonly namespace: string }
}

/** What is to be read. */
export interface Reading {
  /** Of the installation. */
  readonly namespace: string
  /** Where the Services are that are asked for; all that some people may see. */
  readonly ofServices: string
  /** The Service whose events are wanted. */
  readonly eventsOf?: { readonly namespace: string; readonly name: string } | undefined
}

type Collections = { readonly [Name in CollectionName]: Collection<ObjectOf<Name>> | null }

function collectionsOf({ namespace, ofServices, eventsOf }: Reading): Collections {
  const everywhere = {}
  const ours = { namespace }
  const narrowed = { namespace: ofServices }
  return {
    services: { resource: SERVICES, scope: everywhere, narrowed },
    slices: { resource: ENDPOINT_SLICES, scope: everywhere, narrowed },
    nodes: { resource: NODES, scope: everywhere },
    namespaces: { resource: NAMESPACES, scope: everywhere },
    serviceCidrs: { resource: SERVICE_CIDRS, scope: everywhere },
    pools: { resource: IP_ADDRESS_POOLS, scope: ours },
    advertisements: { resource: L2_ADVERTISEMENTS, scope: ours },
    statuses: { resource: SERVICE_L2_STATUSES, scope: ours },
    states: { resource: CONFIGURATION_STATES, scope: ours },
    pods: { resource: PODS, scope: ours },
    leases: { resource: LEASES, scope: ours },
    nodeLeases: { resource: LEASES, scope: { namespace: 'kube-node-lease' } },
    proxyConfig: {
      resource: CONFIG_MAPS,
      scope: { namespace: 'kube-system', fieldSelector: 'metadata.name=kube-proxy' },
    },
    events: eventsOf === undefined ? null : { resource: EVENTS, scope: scopeOfEvents(eventsOf) },
  }
}

function scopeOfEvents({
  namespace,
  name,
}: NonNullable<Reading['eventsOf']>): Collection<KubeObject>['scope'] {
  return { namespace, fieldSelector: `involvedObject.kind=Service,involvedObject.name=${name}` }
}

/** Those that are to be read, with the name of the member that each is. */
export function collectionsToRead(reading: Reading): (readonly [CollectionName, Collection<KubeObject>])[] {
  const all = Object.entries(collectionsOf(reading)) as [CollectionName, Collection<KubeObject> | null][]
  return all.flatMap(([name, collection]) => (collection === null ? [] : [[name, collection] as const]))
}

/** The members of a cluster's objects that are collections, each from `get`; events where they are not read are none. */
export function gathered(
  reading: Reading,
  get: (name: CollectionName) => readonly KubeObject[],
): Pick<ClusterObjects, CollectionName> {
  const lists = collectionsToRead(reading).map(([name]) => [name, get(name)] as const)
  return { events: [], ...Object.fromEntries(lists) } as unknown as Pick<ClusterObjects, CollectionName>
}
