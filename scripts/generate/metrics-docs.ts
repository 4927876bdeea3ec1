// docs/metrics.md: what each program measures, read from the registries that it fills. Nothing is written twice.

import { Registry } from 'prom-client'
import { controllerMetrics } from '../../src/controller/metrics.ts'
import { registerElectionMetrics } from '../../src/speaker/election-metrics.ts'
import { NOTHING_REPORTED } from '../../src/speaker/intents.ts'
import { registerSpeakerMetrics } from '../../src/speaker/metrics.ts'
import {
  apiRequestMetrics,
  EVENT_LOOP_SAMPLING_MS,
  eventMetrics,
  registerConfigurationMetrics,
} from '../../src/status/index.ts'
import { markdown, table } from './markdown.ts'
import type { Generated } from './sources.ts'

const FILE = 'docs/metrics.md'

const HEAD = `# Metrics

<!-- Generated from the programs' registries: edit the help there, then \`npm run generate\`. -->

Both programs serve them at \`/metrics\` on port 9120, over HTTPS, to whoever has a token and the right to get that path
([decision 16](decisions/0016-who-may-look.md)); \`deploy/optional/monitoring\` has what the Prometheus operator needs, with
alerts and a dashboard. Names that begin with \`metallb_\` mean what they mean in MetalLB. Beside them there are Node's own
(\`process_*\`, \`nodejs_*\`), of which \`nodejs_eventloop_lag_*\` include the ${EVENT_LOOP_SAMPLING_MS} ms from one sample to the
next. Of two replicas of the controller only the active one tells of pools and Services.
`

const COUNTERS = { addresses: {}, frames: {}, losses: {}, hellos: {} }

function common(registry: Registry): void {
  apiRequestMetrics(registry)
  eventMetrics(registry)
  registerConfigurationMetrics(registry, { loaded: () => true, refused: () => false })
}

function controllerRegistry(): Registry {
  const registry = new Registry()
  controllerMetrics(registry, { usage: () => new Map(), services: () => new Map(), queueDepth: () => 0 })
  return registry
}

function speakerRegistry(): Registry {
  const registry = new Registry()
  const source = { report: () => NOTHING_REPORTED, counters: async () => COUNTERS }
  registerSpeakerMetrics(registry, { ...source, node: '', servicesByAddress: () => new Map() })
  registerElectionMetrics(registry, source)
  return registry
}

export async function metricsDocs(): Promise<Generated> {
  const both = new Registry()
  common(both)
  const parts = await Promise.all([
    section('Of both programs', both),
    section('Of the controller', controllerRegistry()),
    section('Of each speaker', speakerRegistry()),
  ])
  return new Map([[FILE, await markdown(FILE, [HEAD, ...parts].join('\n'))]])
}

async function section(title: string, registry: Registry): Promise<string> {
  const metrics = await registry.getMetricsAsJSON()
  const rows = metrics.map(({ name, type, help }) => {
    const { labelNames = [] } = registry.getSingleMetric(name) as { labelNames?: readonly string[] }
    return [`\`${name}\``, String(type), labelNames.map((label) => `\`${label}\``).join(', '), help]
  })
  return `## ${title}\n\n${table(['metric', 'type', 'labels', 'meaning'], rows)}`
}
