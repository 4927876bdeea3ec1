// What a Service object says of its assignment: ingress, annotation, condition. It may be old, or another's writing.
import { ANNOTATION, ALLOCATED_CONDITION, type Service } from '../api/index.ts'
import { type Address, parseAddress, sameAddress } from '../ip/index.ts'
import type { Finding } from './condition.ts'
import type { Possession } from './keep.ts'

export interface Shown {
  /** Of the ingress, whoever wrote them. */
  readonly addresses: readonly Address[]
  /** The pool that the annotation says they are from, or `null`. */
  readonly pool: string | null
  readonly hasIngress: boolean
  /** The ingress has nothing but addresses, in the way that we write them. */
  readonly isPlain: boolean
  readonly finding: Finding | null
}

export function readShown({ metadata, status }: Service): Shown {
  const ingress = status?.loadBalancer?.ingress ?? []
  const addresses: Address[] = []
  let isPlain = true
  for (const { ip = '', hostname = '', ipMode = 'VIP' } of ingress) {
    const address = parseAddress(ip)
    if (address !== null) addresses.push(address)
    isPlain &&= address !== null && hostname === '' && ipMode === 'VIP' // which the API server adds
  }
  const pool = metadata?.annotations?.[ANNOTATION.allocatedFromPool] ?? null
  return { addresses, pool, hasIngress: ingress.length > 0, isPlain, finding: shownFinding(status) }
}

function shownFinding(status: Service['status']): Finding | null {
  const shown = status?.conditions?.find(({ type }) => type === ALLOCATED_CONDITION)
  if (shown === undefined) return null
  const { reason, message } = shown
  return { status: shown.status === 'True' ? 'True' : 'False', reason, message }
}

/** What it has by its own account; no addresses where they cannot be ours: three of them, or two of one family. */
export function possessionOf({ addresses, pool }: Shown): Possession {
  return { addresses: areOneOfEach(addresses) ? addresses : [], pool }
}

/** Whether there is at most one address of each IP family. */
export function areOneOfEach([first, second, third]: readonly Address[]): boolean {
  return third === undefined && (second === undefined || first?.family !== second.family)
}

export function showsAssignment({ hasIngress, pool }: Shown): boolean {
  return hasIngress || pool !== null
}

/**
 * Whether it was of type LoadBalancer and ours once, and still shows it. Of one of another class nothing can be said:
 * another MetalLB writes the same annotation.
 */
export function isLeftBehind({ spec }: Service, { pool, finding }: Shown): boolean {
  return spec?.type !== 'LoadBalancer' && (pool !== null || finding !== null)
}

/** Whether the ingress is what we would write, after the API server's defaults. */
export function showsAddresses({ isPlain, addresses }: Shown, wanted: readonly Address[]): boolean {
  return (
    isPlain &&
    addresses.length === wanted.length &&
    addresses.every((address, index) => sameAddress(address, wanted[index] as Address))
  )
}
