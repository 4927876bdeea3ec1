// The speaker's metrics, under MetalLB's names.

import { Gauge, type Registry } from 'prom-client'
import { countedElsewhere } from '../status/index.ts'
import type { Counters, Report } from './intents.ts'

export interface MetricsSource {
  node: string
  /** The last report of the wire thread. */
  report: () => Report
  /** What it has counted. */
  counters: () => Promise<Counters>
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
      for (const { ip } of source.report().held) {
        for (const service of services.get(ip) ?? []) {
          announced.set({ service, protocol: 'layer2', node: source.node, ip }, 1)
        }
      }
    },
  })
  // The counting is done by the native thread: what is shown is set anew each time.
  for (const [name, help] of [
    ['requests', 'Requests for addresses held here'],
    ['responses', 'Answers given'],
    ['gratuitous', 'Gratuitous frames sent'],
  ] as const) {
    countedElsewhere(registry, {
      name: `metallb_layer2_${name}_${name === 'requests' ? 'received' : 'sent'}`,
      help,
      label: 'ip',
      read: async () => {
        const { addresses } = await source.counters()
        return Object.fromEntries(Object.entries(addresses).map(([ip, counts]) => [ip, counts[name]]))
      },
    })
  }
  const conflicts: Gauge<'ip' | 'interface' | 'mac' | 'node'> = new Gauge({
    name: 'typemetal_address_conflicts',
    help: '1 while somebody else has an address that this node should announce; node: if that one has a speaker',
    labelNames: ['ip', 'interface', 'mac', 'node'],
    registers,
    collect: () => {
      conflicts.reset()
      for (const { ip, interface: name, mac, node } of source.report().conflicts) {
        conflicts.set({ ip, interface: name, mac, node: node ?? '' }, 1)
      }
    },
  })
  for (const [part, label, help] of [
    ['frames', 'fate', 'ARP and neighbour discovery frames received, by what became of them'],
    ['losses', 'cause', 'What the responder did not see or not tell, by cause'],
  ] as const) {
    countedElsewhere(registry, {
      name: `typemetal_responder_${part}`,
      help,
      label,
      read: async () => (await source.counters())[part],
    })
  }
}
