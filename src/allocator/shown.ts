// What a Service object says of its assignment: ingress and annotation. It may be old, or another's writing.
import { ANNOTATION, type Service } from '../api/index.ts'
import { type Address, parseAddress, sameAddress } from '../ip/index.ts'
import type { Assignment } from './state.ts'

/** The pool that the annotation says the address is from, or `null`. */
export function recordedPool({ metadata }: Service): string | null {
  return metadata?.annotations?.[ANNOTATION.allocatedFromPool] ?? null
}

/** Its assignment; without addresses where they cannot be ours: a host name, three of them, two of one family. */
export function shownAssignment(service: Service): Assignment {
  const texts = ingressOf(service).flatMap(({ ip = '' }) => (ip === '' ? [] : [ip]))
  const addresses = texts.flatMap((text) => parseAddress(text) ?? [])
  const distinct = new Set(addresses.map(({ family }) => family)).size === texts.length
  return { addresses: distinct ? addresses : [], pool: recordedPool(service) }
}

/** Whether it shows anything that a release must remove. */
export function showsAnything(service: Service): boolean {
  return ingressOf(service).length > 0 || recordedPool(service) !== null
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
