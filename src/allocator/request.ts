// What a Service asks of the allocator: its annotations, families and ports, read from the object.
import { ANNOTATION, deprecatedName, type Service } from '../api/index.ts'
import type { Labels } from '../config/index.ts'
import { type Address, type Family, parseAddress, quote } from '../ip/index.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import { NOT_SHARED, type Sharing } from './sharing.ts'

export interface Request {
  readonly service: ServiceKey
  /** RFC 3339, as the API server writes it: it sorts as text. */
  readonly createdAt: string
  readonly namespace: string
  readonly labels: Labels
  /** Of the cluster IPs, the primary one first; empty only with a `problem`. */
  readonly families: readonly Family[]
  /** Whether two cluster IPs want two addresses, or are content with one when a pool has no more. */
  readonly dualStack: 'required' | 'preferred'
  /** `null`: any. */
  readonly pool: string | null
  /** Empty: any. */
  readonly addresses: readonly Address[]
  readonly sharing: Sharing
  /** Why it cannot be granted, whatever the pools hold. What the Service has, it keeps. */
  readonly problem: Refusal | null
}

export function keyOf({ metadata }: Service): ServiceKey {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

export function readRequest(service: Service): Request {
  const { metadata = {}, spec = {} } = service
  const { namespace = '', labels = NO_LABELS, annotations, creationTimestamp = '' } = metadata
  const families = readFamilies(spec)
  const asked = readAddresses(annotationOf(annotations, LOAD_BALANCER_IPS), spec.loadBalancerIP ?? '')
  const sharingKey = annotationOf(annotations, ALLOW_SHARED_IP)
  return {
    service: keyOf(service),
    createdAt: creationTimestamp,
    namespace,
    labels,
    families: isRefusal(families) ? NO_FAMILIES : families,
    dualStack: spec.ipFamilyPolicy === 'RequireDualStack' ? 'required' : 'preferred',
    pool: annotationOf(annotations, ADDRESS_POOL) || null,
    addresses: isRefusal(asked) ? NO_ADDRESSES : asked,
    sharing: sharingKey === '' ? NOT_SHARED : readSharing(sharingKey, spec),
    problem: isRefusal(families) ? families : isRefusal(asked) ? asked : null,
  }
}

// One of each for all Services: there are many of them, and most ask for the same.
const NO_LABELS: Labels = {}
const NO_FAMILIES: readonly Family[] = []
const NO_ADDRESSES: readonly Address[] = []
const ONLY: Readonly<Record<Family, readonly Family[]>> = { IPv4: ['IPv4'], IPv6: ['IPv6'] }

function isRefusal(read: readonly unknown[] | Refusal): read is Refusal {
  return 'reason' in read
}

/** An annotation that is read, and what it was called before. */
interface AnnotationName {
  readonly name: string
  readonly deprecated: string
}

const [ADDRESS_POOL, LOAD_BALANCER_IPS, ALLOW_SHARED_IP] = [
  namesOf(ANNOTATION.addressPool),
  namesOf(ANNOTATION.loadBalancerIPs),
  namesOf(ANNOTATION.allowSharedIP),
]

function namesOf(name: string): AnnotationName {
  return { name, deprecated: deprecatedName(name) }
}

const DEPRECATED = [ADDRESS_POOL, LOAD_BALANCER_IPS, ALLOW_SHARED_IP].map(({ deprecated }) => deprecated)

/** The names of its annotations that have the deprecated prefix and are still read. */
export function deprecatedAnnotations({ metadata }: Service): readonly string[] {
  const annotations = metadata?.annotations
  return annotations === undefined ? [] : DEPRECATED.filter((name) => Object.hasOwn(annotations, name))
}

/** Empty when absent. The new name counts where it is present, even with an empty value. */
function annotationOf(
  annotations: Readonly<Record<string, string>> | undefined,
  { name, deprecated }: AnnotationName,
): string {
  return annotations?.[name] ?? annotations?.[deprecated] ?? ''
}

function readSharing(key: string, spec: NonNullable<Service['spec']>): Sharing {
  return {
    key,
    backend: spec.externalTrafficPolicy === 'Local' ? canonical(spec.selector ?? {}) : '',
    ports: (spec.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`).sort(),
  }
}

function readFamilies({
  clusterIP = '',
  clusterIPs = [],
  ipFamilyPolicy,
}: NonNullable<Service['spec']>): readonly Family[] | Refusal {
  const [first = clusterIP, second, third] = clusterIPs
  if (first === '' || first === 'None') return { reason: 'NoClusterIP' }
  const family = parseAddress(first)?.family
  const families =
    second === undefined ? family && ONLY[family] : pairOf(family, parseAddress(second)?.family)
  if (families === undefined || third !== undefined) {
    return { reason: 'InvalidClusterIPs', value: clusterIPs.length > 0 ? clusterIPs.join() : clusterIP }
  }
  return ipFamilyPolicy === 'RequireDualStack' && families.length < 2 ? { reason: 'NotDualStack' } : families
}

function pairOf(first: Family | undefined, second: Family | undefined): readonly Family[] | undefined {
  return first === undefined || second === undefined || first === second ? undefined : [first, second]
}

/** A list of `annotation`, or the one of `field`; not both. */
function readAddresses(annotation: string, field: string): readonly Address[] | Refusal {
  if (annotation !== '' && field !== '') {
    return invalid(
      `both the annotation ${ANNOTATION.loadBalancerIPs} and spec.loadBalancerIP are set: use one`,
    )
  }
  const text = annotation === '' ? field : annotation
  if (text === '') return NO_ADDRESSES
  const parts = text.split(',', 3).map((part) => part.trim())
  if (parts.length > 2)
    return invalid(`${quote(text)} has more than two addresses: ask for one of each IP family`)
  const addresses: Address[] = []
  for (const part of parts) {
    const address = parseAddress(part)
    if (address === null) return invalid(`${quote(part)} is not an IP address`)
    addresses.push(address)
  }
  if (addresses.length === 2 && addresses[0]?.family === addresses[1]?.family) {
    return invalid(`${quote(text)} has two addresses of the same family: ask for one of each`)
  }
  return addresses
}

function invalid(message: string): Refusal {
  return { reason: 'InvalidAddressRequest', message }
}

/** Equal for equal selectors, whatever the order of their labels. */
function canonical(selector: Readonly<Record<string, string>>): string {
  const labels = Object.entries(selector).map((label) => JSON.stringify(label))
  return labels.sort().join()
}
