// The metrics of one process and the server that shows them.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/**
 * From one sample of the event loop's delay to the next, in ms, which Node counts into the delay. At prom-client's own
 * 10 ms to sample is most of what an idle program does.
 */
export const EVENT_LOOP_SAMPLING_MS = 100

/** A registry with the metrics of the process itself: CPU, memory, delay of the event loop. */
export function metricsRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLING_MS })
  return registry
}

/** What became of one request to the API server. */
interface Answered {
  readonly method: string
  /** HTTP status, or `unreachable`. */
  readonly code: string
  readonly seconds: number
}

/** Counts the requests to the API server. */
export function apiRequestMetrics(registry: Registry): (answered: Answered) => void {
  const registers = [registry]
  const requests = new Counter({
    name: 'typemetal_api_requests_total',
    help: 'Requests to the API server',
    labelNames: ['verb', 'code'],
    registers,
  })
  const durations = new Histogram({
    name: 'typemetal_api_request_duration_seconds',
    help: 'Until the API server began its answer, or was found out of reach',
    labelNames: ['verb'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  })
  return ({ method, code, seconds }) => {
    requests.inc({ verb: method, code })
    durations.observe({ verb: method }, seconds)
  }
}

/** Counts the events that were to be told; `dropped` says that they came faster than the server took them. */
export function eventMetrics(registry: Registry): (outcome: 'told' | 'refused' | 'dropped') => void {
  const events = new Counter({
    name: 'typemetal_events_total',
    help: 'Kubernetes Events, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
  })
  return (outcome) => events.inc({ outcome })
}

export interface CountedElsewhere {
  readonly name: string
  readonly help: string
  readonly label: string
  /** What has been counted up to now, by the label's value: all there is to show. */
  readonly read: () => Promise<Readonly<Record<string, number>>>
}

/** A counter whose counting another thread does: it is read anew each time that it is shown. */
export function countedElsewhere(registry: Registry, { name, help, label, read }: CountedElsewhere): void {
  const counter: Counter = new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect: async () => {
      const counts = await read()
      counter.reset()
      for (const [value, count] of Object.entries(counts)) counter.inc({ [label]: value }, count)
    },
  })
}

export interface ConfigurationHealth {
  /** The configuration has been read. */
  loaded: () => boolean
  /** An object of it is refused. */
  refused: () => boolean
}

/** What both programs tell of the configuration, under MetalLB's names. */
export function registerConfigurationMetrics(
  registry: Registry,
  { loaded, refused }: ConfigurationHealth,
): void {
  const flag = (name: string, help: string, value: () => boolean): void => {
    const gauge: Gauge = new Gauge({
      name: `metallb_k8s_client_config_${name}_bool`,
      help,
      registers: [registry],
      collect: () => gauge.set(value() ? 1 : 0),
    })
  }
  flag('loaded', '1 once the configuration has been read', loaded)
  flag('stale', '1 while an object of the configuration is refused', refused)
}
