// The controller's metrics, under MetalLB's names.

import { Counter, Gauge, type Registry } from 'prom-client'
import type { PoolUsage } from '../allocator/index.ts'

export interface ControllerMetrics {
  /** Writes of Services. */
  updates: Counter
  updateErrors: Counter
}

/** `usage`: of the accepted pools, by name. */
export function controllerMetrics(
  registry: Registry,
  usage: () => ReadonlyMap<string, PoolUsage>,
): ControllerMetrics {
  const registers = [registry]
  const perPool = (name: string, help: string, value: (of: PoolUsage) => bigint): void => {
    const gauge: Gauge<'pool'> = new Gauge({
      name: `metallb_allocator_${name}`,
      help,
      labelNames: ['pool'],
      registers,
      collect: () => {
        gauge.reset()
        for (const [pool, of] of usage()) gauge.set({ pool }, Number(value(of)))
      },
    })
  }
  perPool('addresses_total', 'Usable addresses of the pool', ({ IPv4, IPv6 }) => IPv4.total + IPv6.total)
  perPool('addresses_in_use_total', 'Addresses in use', ({ IPv4, IPv6 }) => IPv4.inUse + IPv6.inUse)
  perPool('ipv4_addresses_total', 'Usable IPv4 addresses', ({ IPv4 }) => IPv4.total)
  perPool('ipv6_addresses_total', 'Usable IPv6 addresses', ({ IPv6 }) => IPv6.total)
  perPool('ipv4_addresses_in_use_total', 'IPv4 addresses in use', ({ IPv4 }) => IPv4.inUse)
  perPool('ipv6_addresses_in_use_total', 'IPv6 addresses in use', ({ IPv6 }) => IPv6.inUse)
  return {
    updates: new Counter({ name: 'metallb_k8s_client_updates_total', help: 'Writes of Services', registers }),
    updateErrors: new Counter({
      name: 'metallb_k8s_client_update_errors_total',
      help: 'Writes that failed',
      registers,
    }),
  }
}
