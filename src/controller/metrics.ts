// The controller's metrics, under MetalLB's names.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { PoolUsage } from '../allocator/index.ts'

export interface ControllerMetrics {
  /** Writes of Services. */
  updates: Counter
  updateErrors: Counter
  /** Seconds from taking a Service up to the answer of its write. */
  reconciles: Histogram
}

/** What is shown when somebody asks; nothing of it while another replica is active. */
export interface ControllerFigures {
  /** Of the accepted pools, by name. */
  usage: () => ReadonlyMap<string, PoolUsage>
  /** How many Services have an address of a pool, by its name. */
  services: () => ReadonlyMap<string, number>
  /** Services that wait to be worked on, or are. */
  queueDepth: () => number
}

export function controllerMetrics(
  registry: Registry,
  { usage, services, queueDepth }: ControllerFigures,
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
  const allocated: Gauge<'pool'> = new Gauge({
    name: 'metallb_allocator_services_allocated_total',
    help: 'Services with an address of the pool',
    labelNames: ['pool'],
    registers,
    collect: () => {
      allocated.reset()
      for (const [pool, count] of services()) allocated.set({ pool }, count)
    },
  })
  const depth: Gauge = new Gauge({
    name: 'typemetal_queue_depth',
    help: 'Services that wait to be worked on, are, or will be again',
    registers,
    collect: () => depth.set(queueDepth()),
  })
  return {
    reconciles: new Histogram({
      name: 'typemetal_reconcile_duration_seconds',
      help: 'From taking a Service up to the answer of its write',
      buckets: [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers,
    }),
    updates: new Counter({ name: 'metallb_k8s_client_updates_total', help: 'Writes of Services', registers }),
    updateErrors: new Counter({
      name: 'metallb_k8s_client_update_errors_total',
      help: 'Writes that failed',
      registers,
    }),
  }
}
