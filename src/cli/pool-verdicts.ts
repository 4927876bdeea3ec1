// What each pool would say to a Service that waits: the allocator's own answer, were the Service to ask for that pool. Pure.

import { explain, forget, readRequest, reconcileService } from '../allocator/index.ts'
import { ANNOTATION, deprecatedName, type Service } from '../api/index.ts'
import { formatAddress } from '../ip/index.ts'
import { keyOf } from '../kube/index.ts'
import type { Cluster } from './cluster.ts'

export interface PoolVerdict {
  readonly pool: string
  readonly would: boolean
  /** A sentence. */
  readonly message: string
}

/** In words, what a Service asks for of the pools. */
export function asksFor(service: Service): string {
  const { addresses, pool, families, sharing } = readRequest(service)
  const what =
    addresses.length > 0
      ? addresses.map(formatAddress).join(' and ')
      : `any ${families.join(' and ')} address`
  const where = pool === null ? '' : ` of pool "${pool}"`
  return `${what}${where}${sharing.key === '' ? '' : `, shared under the key "${sharing.key}"`}`
}

/** None for a Service that asks for an address, or when not everything was seen. */
export function poolVerdicts(service: Service, cluster: Cluster): PoolVerdict[] {
  const request = readRequest(service)
  if (request.addresses.length > 0 || request.problem !== null || cluster.isPartial) return []
  const { pools, refusedPools } = cluster.configuration
  return [...pools.keys(), ...refusedPools.keys()].sort().map((pool) => {
    const { message, would } = answerOf(pool, service, cluster)
    if (!would) return { pool, would, message }
    if (request.pool !== null && request.pool !== pool) {
      return { pool, would: false, message: 'the Service asks for another pool' }
    }
    if (request.pool === null && pools.get(pool)?.autoAssign === false) {
      const message = `autoAssign is off, and the Service does not ask for it (${ANNOTATION.addressPool})`
      return { pool, would: false, message }
    }
    return { pool, would, message }
  })
}

function answerOf(pool: string, service: Service, { allocation }: Cluster): Omit<PoolVerdict, 'pool'> {
  const trial = asking(pool, service)
  const { refusal } = reconcileService(allocation, trial)
  forget(allocation, keyOf(trial))
  return refusal === null
    ? { would: true, message: 'it has room' }
    : { would: false, message: explain(refusal) }
}

/** Another Service like this one, which has nothing yet. */
function asking(pool: string, { metadata, spec }: Service): Service {
  const annotations: Record<string, string> = { ...metadata?.annotations, [ANNOTATION.addressPool]: pool }
  delete annotations[deprecatedName(ANNOTATION.addressPool)]
  delete annotations[ANNOTATION.allocatedFromPool]
  return { metadata: { ...metadata, name: `${metadata?.name} on trial`, annotations }, ...(spec && { spec }) }
}
