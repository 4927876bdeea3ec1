// What a Service asks of the allocator: its annotations, families and ports, read from the object.
import { ANNOTATION, deprecatedName, type Service } from '../api/index.ts'
import type { Labels } from '../config/index.ts'
import { type Address, type Family, parseAddress, quote } from '../ip/index.ts'
import type { Refusal, ServiceKey } from './refusal.ts'
import type { Sharing } from './sharing.ts'

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
  const { namespace = '', labels = {}, annotations = {}, creationTimestamp = '' } = metadata
  const families = readFamilies(spec)
  const asked = readAddresses(
    annotationOf(annotations, ANNOTATION.loadBalancerIPs),
    spec.loadBalancerIP ?? '',
  )
  return {
    service: keyOf(service),
    createdAt: creationTimestamp,
    namespace,
    labels,
    families: 'families' in families ? families.families : [],
    dualStack: spec.ipFamilyPolicy === 'RequireDualStack' ? 'required' : 'preferred',
    pool: annotationOf(annotations, ANNOTATION.addressPool) || null,
    addresses: 'addresses' in asked ? asked.addresses : [],
    sharing: {
      key: annotationOf(annotations, ANNOTATION.allowSharedIP),
      backend: spec.externalTrafficPolicy === 'Local' ? canonical(spec.selector ?? {}) : '',
      ports: (spec.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`).sort(),
    },
    problem: 'refusal' in families ? families.refusal : 'refusal' in asked ? asked.refusal : null,
  }
}

/** The annotations that are read, and what each was called before. */
const DEPRECATED: Readonly<Record<string, string>> = Object.fromEntries(
  [ANNOTATION.addressPool, ANNOTATION.loadBalancerIPs, ANNOTATION.allowSharedIP].map((name) => [
    name,
    deprecatedName(name),
  ]),
)

/** The names of its annotations that have the deprecated prefix and are still read. */
export function deprecatedAnnotations({ metadata }: Service): string[] {
  const { annotations } = metadata ?? {}
  return annotations ? Object.values(DEPRECATED).filter((name) => Object.hasOwn(annotations, name)) : []
}

/** Empty when absent. The new name counts where it is present, even with an empty value. */
function annotationOf(annotations: Readonly<Record<string, string>>, name: string): string {
  return annotations[name] ?? annotations[DEPRECATED[name] ?? name] ?? ''
}

function readFamilies({
  clusterIP = '',
  clusterIPs = [],
  ipFamilyPolicy,
}: NonNullable<Service['spec']>): { families: Family[] } | { refusal: Refusal } {
  const texts = clusterIPs.length > 0 ? clusterIPs : clusterIP === '' ? [] : [clusterIP]
  if (texts.length === 0 || texts[0] === 'None') return { refusal: { reason: 'NoClusterIP' } }
  const families = texts.flatMap((text) => parseAddress(text)?.family ?? [])
  if (families.length < texts.length || new Set(families).size < texts.length) {
    return { refusal: { reason: 'InvalidClusterIPs', value: texts.join() } }
  }
  if (ipFamilyPolicy === 'RequireDualStack' && families.length < 2)
    return { refusal: { reason: 'NotDualStack' } }
  return { families }
}

/** A list of `annotation`, or the one of `field`; not both. */
function readAddresses(annotation: string, field: string): { addresses: Address[] } | { refusal: Refusal } {
  if (annotation !== '' && field !== '') {
    return invalid(
      `both the annotation ${ANNOTATION.loadBalancerIPs} and spec.loadBalancerIP are set: use one`,
    )
  }
  const text = annotation === '' ? field : annotation
  if (text === '') return { addresses: [] }
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
  return { addresses }
}

function invalid(message: string): { refusal: Refusal } {
  return { refusal: { reason: 'InvalidAddressRequest', message } }
}

/** Equal for equal selectors, whatever the order of their labels. */
function canonical(selector: Readonly<Record<string, string>>): string {
  const labels = Object.entries(selector).map((label) => JSON.stringify(label))
  return labels.sort().join()
}
