// What a Service object says of its assignment: ingress and annotation. It may be old, or another's writing.
import { ANNOTATION, type Service } from '../api/index.ts'
import { type Address, parseAddress, sameAddress } from '../ip/index.ts'
import { showsFinding } from './condition.ts'
import type { Possession } from './keep.ts'

/** The pool that the annotation says the address is from, or `null`. */
export function recordedPool({ metadata }: Service): string | null {
  return metadata?.annotations?.[ANNOTATION.allocatedFromPool] ?? null
}

/** The addresses that it shows, whoever wrote them. */
export function shownAddresses(service: Service): Address[] {
  return ingressOf(service).flatMap(({ ip = '' }) => (ip === '' ? [] : (parseAddress(ip) ?? [])))
}

/** What it has by its own account; no addresses where they cannot be ours: three of them, two of one family, no IP. */
export function shownPossession(service: Service): Possession {
  const addresses = shownAddresses(service)
  const texts = ingressOf(service).filter(({ ip = '' }) => ip !== '')
  const distinct = new Set(addresses.map(({ family }) => family)).size === texts.length
  return { addresses: distinct ? addresses : [], pool: recordedPool(service) }
}

/** Whether it shows an address, or a pool that one is from. */
export function showsAssignment(service: Service): boolean {
  return ingressOf(service).length > 0 || recordedPool(service) !== null
}

/** Whether it shows anything that a release must remove. */
export function showsAny(service: Service): boolean {
  return showsAssignment(service) || !showsFinding(service, null)
}

/**
 * Whether it was of type LoadBalancer and ours once, and still shows it. Of one of another class nothing can be said:
 * another MetalLB writes the same annotation.
 */
export function isLeftBehind(service: Service): boolean {
  return (
    service.spec?.type !== 'LoadBalancer' && (recordedPool(service) !== null || !showsFinding(service, null))
  )
}

/** Whether the ingress is what we would write, after the API server's defaults. */
export function showsAddresses(service: Service, addresses: readonly Address[]): boolean {
  const ingress = ingressOf(service)
  return (
    ingress.length === addresses.length &&
    addresses.every((address, index) => {
      const { ip = '', hostname = '', ipMode = 'VIP' } = ingress[index] ?? {}
      const shown = parseAddress(ip)
      return hostname === '' && ipMode === 'VIP' && shown !== null && sameAddress(shown, address)
    })
  )
}

type LoadBalancerStatus = NonNullable<NonNullable<Service['status']>['loadBalancer']>

function ingressOf({ status }: Service): NonNullable<LoadBalancerStatus['ingress']> {
  return status?.loadBalancer?.ingress ?? []
}
