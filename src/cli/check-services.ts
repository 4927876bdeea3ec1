// What is wrong with a Service: it has no address, nobody answers for it, or not as it should. Pure.

import { ANNOTATION, ANNOUNCED_CONDITION, ALLOCATED_CONDITION, type Service } from '../api/index.ts'
import { conditionOf, keyOf } from '../kube/index.ts'
import { annotationFindings } from './check-annotations.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'
import { type ServiceReport, serviceReport } from './service-report.ts'

export function checkServices(cluster: Cluster): Finding[] {
  return cluster.services
    .filter(({ spec }) => spec?.type === 'LoadBalancer')
    .flatMap((service) => serviceFindings(service, cluster))
}

export function serviceFindings(service: Service, cluster: Cluster): Finding[] {
  const report = serviceReport(service, cluster)
  if (report.state === 'Foreign') return ofNobody(report, service, cluster)
  return [
    ...notServed(report, service),
    ...twoWriters(service),
    ...keepsAgainstRules(report, service),
    ...usedByStranger(report, service),
    ...announcedOddly(report, service, cluster),
    ...annotationFindings(service, cluster),
  ]
}

function of(service: Service, finding: Omit<Finding, 'object'>): Finding[] {
  return [{ ...finding, object: `Service ${keyOf(service)}` }]
}

/** Of another class: somebody else's, but perhaps nobody's. */
function ofNobody(
  { reason, message, addresses }: ServiceReport,
  service: Service,
  cluster: Cluster,
): Finding[] {
  if (addresses.length > 0 || reason !== 'OtherClass') return []
  const { loadBalancerClass } = cluster.installation
  return of(service, {
    level: 'warning',
    reason,
    what: `it has no address: ${message}`,
    why: 'nobody may serve it at all; a class cannot be changed later',
    remedy:
      loadBalancerClass === null
        ? 'make the Service anew without spec.loadBalancerClass, or see to who serves its class'
        : `make the Service anew with spec.loadBalancerClass ${loadBalancerClass}`,
  })
}

const REMEDIES: Readonly<Record<string, string>> = {
  NoPool: 'create an IPAddressPool',
  NoAddressAvailable:
    'add addresses to a pool, or let a pool take this Service: autoAssign, serviceAllocation, drain',
  PoolExhausted: 'add addresses to the pool, or ask for another one',
  UnknownPool: `create the pool, or correct the annotation ${ANNOTATION.addressPool}`,
  PoolRefused: 'mend the pool: kubectl typemetal doctor says what is wrong with it',
  PoolForbidsService: "change the pool's serviceAllocation, or ask for another pool",
  PoolDraining: 'take spec.drain from the pool, or ask for another one',
  AddressInUse: 'ask for another address, or let both Services share it: annotation allow-shared-ip',
  AddressOutsidePools: 'add the address to a pool, or ask for another one',
  invalidIP: 'find out who else writes its status: kubectl get service -o yaml --show-managed-fields',
  ipNotAllowed: 'put its addresses back into one pool, or let the controller give it others',
  noEndpoints: 'look at its selector and at the readiness of its pods: kubectl get endpointslices',
  NoMatchingAdvertisement:
    'create an L2Advertisement for the pool, or add the pool to spec.ipAddressPools of one',
  SharedAddressWithServiceSelector: 'use one or the other: allow-shared-ip, or serviceSelectors',
  noEligibleNode: 'see what keeps each of the nodes from it: kubectl typemetal explain',
  WaitingForController: 'see whether the controller runs: kubectl typemetal status',
}

function notServed({ state, reason, message }: ServiceReport, service: Service): Finding[] {
  if (reason === 'CannotSee') return []
  if (state === 'Pending') {
    return of(service, {
      level: 'error',
      reason,
      what: `it has no address: ${message}`,
      why: 'nobody outside the cluster can reach it',
      remedy: REMEDIES[reason] ?? 'change what the Service asks for',
    })
  }
  if (state !== 'NotAnnounced') return []
  return of(service, {
    level: 'error',
    reason,
    what: `nobody answers for its address: ${message}`,
    why: 'nobody outside the cluster can reach it',
    remedy: REMEDIES[reason] ?? announcerRemedy(reason),
  })
}

function announcerRemedy(reason: string): string {
  if (reason === 'AddressConflict')
    return 'find the machine with that MAC and give it, or the Service, another address'
  if (reason === 'NoMatchingInterface')
    return 'correct the interfaces of the L2Advertisement, or its nodeSelectors'
  return 'look at the log of the speaker on the first of the candidates'
}

function twoWriters(service: Service): Finding[] {
  const told = conditionOf(service, ALLOCATED_CONDITION)
  if (told?.reason !== 'ContestedStatus') return []
  return of(service, {
    level: 'error',
    reason: told.reason,
    what: told.message,
    why: 'two programs write its status, and its address is now one, now the other',
    remedy: 'remove one of the two LoadBalancer implementations, or part their Services by loadBalancerClass',
  })
}

/** It has an address, and something that it asks for is not done. */
function keepsAgainstRules({ state }: ServiceReport, service: Service): Finding[] {
  const told = conditionOf(service, ALLOCATED_CONDITION)
  if (state === 'Pending' || told?.status !== 'True' || told.reason === 'Allocated') return []
  return of(service, {
    level: 'warning',
    reason: told.reason,
    what: told.message,
    why: 'it would not get this address again, or does not get what it asks for',
    remedy: REMEDIES[told.reason] ?? 'change what the Service asks for',
  })
}

function usedByStranger({ state }: ServiceReport, service: Service): Finding[] {
  const told = conditionOf(service, ANNOUNCED_CONDITION)
  if (state !== 'Announced' || told?.reason !== 'AddressConflict') return []
  return of(service, {
    level: 'error',
    reason: told.reason,
    what: told.message,
    why: 'some clients reach that machine in the place of the Service',
    remedy: announcerRemedy(told.reason),
  })
}

function announcedOddly({ addresses, nodes }: ServiceReport, service: Service, cluster: Cluster): Finding[] {
  const intent = cluster.intentOf(service)
  const candidates = typeof intent === 'string' ? [] : intent.candidates.map(({ node }) => node)
  const others = nodes.filter((node) => !candidates.includes(node))
  const found: Finding[] = []
  if (cluster.isPartial) return found
  const living = nodes.filter((node) => cluster.readySpeakers.has(node)) // of what others left behind others tell
  if (living.length > addresses.length) {
    found.push(
      ...of(service, {
        level: 'warning',
        reason: 'SeveralAnnouncers',
        what: `${living.join(', ')} say that they announce it`,
        why: 'on one segment two answers for one address break connections; on several segments it is in order',
        remedy: 'see whether their speakers hear each other; if this passes within seconds it was a handover',
      }),
    )
  }
  if (others.length > 0) {
    found.push(
      ...of(service, {
        level: 'warning',
        reason: 'UnexpectedAnnouncer',
        what: `${others.join(', ')} says that it announces it, and may not any more`,
        why: 'its speaker has not heard of the change, or is gone and its word is left',
        remedy: 'look at that speaker: kubectl typemetal status',
      }),
    )
  }
  if (candidates.length === 1 && cluster.view.speakers.size > 1) {
    found.push(
      ...of(service, {
        level: 'note',
        reason: 'NoOtherNode',
        what: `only ${candidates[0]} may announce it`,
        why: 'when that node fails nobody takes its address over',
        remedy: 'let the L2Advertisement select more nodes; with externalTrafficPolicy Local run more pods',
      }),
    )
  }
  return found
}
