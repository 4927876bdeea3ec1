// The speaker's metrics, under MetalLB's names.

import { Gauge, type Registry } from 'prom-client'
import { formatAddress } from '../ip/index.ts'
import type { Report } from './intents.ts'

export interface MetricsSource {
  node: string
  /** The last report of the wire thread. */
  report: () => Report
  /** Keys of the Services that have an address, by the address as text. */
  servicesByAddress: () => ReadonlyMap<string, readonly string[]>
}

export function registerSpeakerMetrics(registry: Registry, source: MetricsSource): void {
  const registers = [registry]
  const announced: Gauge<'service' | 'protocol' | 'node' | 'ip'> = new Gauge({
    name: 'metallb_speaker_announced',
    help: '1 while this node announces the address',
    labelNames: ['service', 'protocol', 'node', 'ip'],
    registers,
    collect: () => {
      announced.reset()
      const services = source.servicesByAddress()
      for (const { address } of source.report().held) {
        const ip = formatAddress(address)
        for (const service of services.get(ip) ?? []) {
          announced.set({ service, protocol: 'layer2', node: source.node, ip }, 1)
        }
      }
    },
  })
  // Gauges that only grow: the counting is done by the native thread, and prom-client's counters cannot be set.
  for (const [name, help] of [
    ['requests', 'Requests for addresses held here'],
    ['responses', 'Answers given'],
    ['gratuitous', 'Gratuitous frames sent'],
  ] as const) {
    const gauge: Gauge<'ip'> = new Gauge({
      name: `metallb_layer2_${name}_${name === 'requests' ? 'received' : 'sent'}`,
      help,
      labelNames: ['ip'],
      registers,
      collect: () => {
        gauge.reset()
        for (const [ip, counters] of Object.entries(source.report().counters))
          gauge.set({ ip }, counters[name])
      },
    })
  }
}
