// What the status of each IPAddressPool says: how many addresses are used, and what is worth knowing of the pool.
import { type ConfigurationRefusal, type Pool } from '../config/index.ts'
import { type Family, formatRange, intersect } from '../ip/index.ts'
import type { Finding } from './condition.ts'
import type { AllocatorState } from './state.ts'
import type { FamilyUsage, PoolUsage } from './usage.ts'

export interface PoolReport {
  readonly usage: PoolUsage
  readonly conditions: readonly PoolCondition[]
}

export type PoolCondition = Finding & {
  readonly type: 'Accepted' | 'NearlyExhausted' | 'AddressesSkipped'
}

/** Of all pools, accepted or not, by name. */
export function poolReports({ configuration, ledger }: AllocatorState): Map<string, PoolReport> {
  const reports = new Map<string, PoolReport>()
  for (const [name, usage] of ledger.usage()) {
    const pool = configuration.pools.get(name)
    if (pool !== undefined) reports.set(name, { usage, conditions: conditionsOf(pool, usage) })
  }
  const strays = [...ledger.strays()]
  for (const [name, { addresses }] of configuration.refusedPools) {
    const held = strays.filter((address) => addresses.contains(address))
    const inUse = (family: Family): bigint =>
      BigInt(held.filter((address) => address.family === family).length)
    const usage = { IPv4: unusable(inUse('IPv4')), IPv6: unusable(inUse('IPv6')) }
    const refusal = configuration.refusals.find(({ object }) => isPool(object, name))
    reports.set(name, { usage, conditions: refusal === undefined ? [] : [refused(refusal)] })
  }
  return reports
}

function isPool({ kind, name }: ConfigurationRefusal['object'], pool: string): boolean {
  return kind === 'IPAddressPool' && name === pool
}

/** Of a pool that gives nothing out. */
function unusable(inUse: bigint): FamilyUsage {
  return { total: 0n, inUse, available: 0n }
}

function refused({ reason, message }: ConfigurationRefusal): PoolCondition {
  const kept = 'it gives nothing out, and what it gave stays'
  return { type: 'Accepted', status: 'False', reason, message: `${message}; ${kept}` }
}

function conditionsOf(pool: Pool, usage: PoolUsage): PoolCondition[] {
  const accepted: PoolCondition = pool.drain
    ? {
        type: 'Accepted',
        status: 'True',
        reason: 'Draining',
        message: 'spec.drain is set: it gives nothing more out, and what it gave stays',
      }
    : { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the pool is in use' }
  return [accepted, nearlyExhausted(usage), ...skipped(pool)]
}

/** Of ten addresses the last one is few. */
const FEW = 10n

function nearlyExhausted(usage: PoolUsage): PoolCondition {
  const type = 'NearlyExhausted'
  for (const family of ['IPv4', 'IPv6'] as const) {
    const { total, available } = usage[family]
    if (total === 0n || available * FEW >= total) continue
    const left =
      available === 0n
        ? `no ${family} address is left`
        : `less than a tenth of the ${family} addresses is left`
    return {
      type,
      status: 'True',
      reason: available === 0n ? 'Exhausted' : 'FewAddressesLeft',
      message: left,
    }
  }
  return {
    type,
    status: 'False',
    reason: 'EnoughAddresses',
    message: 'a tenth of the addresses or more is left',
  }
}

const NAMED = 5

/** Nothing where nothing is skipped. */
function skipped({ reserved, addresses }: Pool): PoolCondition[] {
  if (reserved.length === 0) return []
  const named = reserved.slice(0, NAMED).map(({ range, owner }) => {
    const common = [...addresses].map((run) => intersect(run, range)).find((found) => found !== null)
    return `${formatRange(common ?? range)} (${owner})`
  })
  const more = reserved.length > NAMED ? ` and ${reserved.length - NAMED} more` : ''
  const message = `the cluster itself uses ${named.join(', ')}${more}: not given out; take them out of the pool`
  return [{ type: 'AddressesSkipped', status: 'True', reason: 'UsedByCluster', message }]
}
