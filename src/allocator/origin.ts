// Why a Service has its addresses from this pool and no other, told from what is known now.
import { type Pool, whyForbidden } from '../config/index.ts'
import { quote } from '../ip/index.ts'
import { type ServiceKey, addresses as listed, explain, someOf } from './refusal.ts'
import { type AllocatorState, isAmong } from './state.ts'

/**
 * - RequestedAddress, RequestedPool: it asks for it.
 * - PinnedPool: the pool's serviceAllocation is for this Service.
 * - FirstPoolWithRoom: the first pool for all Services, by name, that had an address.
 * - Kept: it has it from before; it would not be given it anew.
 */
export interface Origin {
  readonly reason: 'RequestedAddress' | 'RequestedPool' | 'PinnedPool' | 'FirstPoolWithRoom' | 'Kept'
  /** A sentence. */
  readonly message: string
}

/** `null` for a Service that has nothing. */
export function originOf({ assignments, configuration }: AllocatorState, service: ServiceKey): Origin | null {
  const held = assignments.get(service)
  if (held === undefined) return null
  const { addresses, exception, request } = held
  if (exception !== null) return kept(explain(exception))
  const pool = configuration.pools.get(held.pool ?? '')
  if (pool === undefined) return kept('no pool that is accepted now has it')
  const { name } = pool
  if (request.addresses.length > 0 && request.addresses.every((address) => isAmong(address, addresses))) {
    return {
      reason: 'RequestedAddress',
      message: `it asks for ${listed(request.addresses)}, of pool ${quote(name)}`,
    }
  }
  if (request.pool === name) return { reason: 'RequestedPool', message: `it asks for pool ${quote(name)}` }
  if (!pool.autoAssign) return kept(`autoAssign of pool ${quote(name)} is false, and it asks for nothing`)
  if (pool.allocation !== null) return pinned(pool)
  const earlier = [
    ...configuration.automatic.pinned.filter((other) => whyForbidden(other, request) === null),
    ...configuration.automatic.unpinned.filter((other) => other.name < name),
  ].map((other) => other.name)
  const order =
    earlier.length === 0
      ? 'it comes first for this Service'
      : `before it come ${someOf(earlier)}, which had no room then, or were not for it`
  return { reason: 'FirstPoolWithRoom', message: `pool ${quote(name)} is for all Services; ${order}` }
}

function kept(why: string): Origin {
  return { reason: 'Kept', message: `it has it from before: ${why}` }
}

function pinned({ name, allocation }: Pool): Origin {
  const priority = allocation?.priority ?? Infinity
  const rank = priority === Infinity ? 'without a priority' : `with priority ${priority}`
  return {
    reason: 'PinnedPool',
    message: `serviceAllocation of pool ${quote(name)} is for this Service, ${rank}`,
  }
}
