// Metrics of the elections that this speaker takes part in.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { countedElsewhere } from '../status/index.ts'
import type { Counters, Report, SegmentReport, TransitionReport } from './intents.ts'

export interface ElectionMetricsSource {
  /** The last report of the wire thread. */
  report: () => Report
  /** What it has counted. */
  counters: () => Promise<Counters>
}

/** Returns what has to be told of each transition. */
export function registerElectionMetrics(
  registry: Registry,
  source: ElectionMetricsSource,
): (transition: TransitionReport) => void {
  const registers = [registry]
  const bySegment = (name: string, help: string, valueOf: (segment: SegmentReport) => number): void => {
    const gauge: Gauge<'interface'> = new Gauge({
      name: `typemetal_election_${name}`,
      help,
      labelNames: ['interface'],
      registers,
      collect: () => {
        gauge.reset()
        for (const segment of source.report().segments)
          gauge.set({ interface: segment.interface }, valueOf(segment))
      },
    })
  }
  bySegment('peers', 'Other speakers that live on the segment', ({ peers }) => peers.length)
  bySegment('quorum', '1 while a majority of the known speakers is heard', (each) => Number(each.hasQuorum))
  bySegment('listening', '1 while the speaker only listens', (each) => Number(each.isListening))
  bySegment(
    'disputed',
    'Addresses that two other speakers hold, who then do not hear each other',
    ({ disputed }) => disputed.length,
  )
  const held: Gauge = new Gauge({
    name: 'typemetal_election_held',
    help: 'Addresses that this node holds',
    registers,
    collect: () => held.set(source.report().held.length),
  })
  countedElsewhere(registry, {
    name: 'typemetal_election_hellos_total',
    help: 'Hellos received, by what became of them; late ones are counted among the accepted as well',
    label: 'fate',
    read: async () => (await source.counters()).hellos,
  })
  const transitions = new Counter({
    name: 'typemetal_election_transitions_total',
    help: 'Changes of a claim of this node, by the state that it came into and the cause',
    labelNames: ['to', 'cause'],
    registers,
  })
  const takeovers = new Histogram({
    name: 'typemetal_election_takeover_seconds',
    help: 'How long the holder had been silent when an address was taken over from it',
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 5, 10],
    registers,
  })
  return ({ to, cause, silentMs }) => {
    transitions.inc({ to, cause })
    if (to === 'active' && cause === 'takeover' && silentMs !== null) takeovers.observe(silentMs / 1000)
  }
}
