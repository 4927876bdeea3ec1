// What both programs are built on: the way to the API server, what they tell it of themselves, and their metrics.

import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { COMMON_FLAGS, Flags } from './flags.ts'
import { ApiClient, ConfigurationStateWriter, EventRecorder, loadCredentials, OwnPod } from './kube/index.ts'
import { apiRequestMetrics, eventMetrics, metricsRegistry } from './status/index.ts'

/** To be started and stopped by who asked for them, the client first and last. */
export interface ProgramComponents {
  registry: Registry
  client: ApiClient
  events: EventRecorder
  ownPod: OwnPod
  configurationState: ConfigurationStateWriter
}

/** `node`: of a program that runs on each. Rejects with `NotConfigured` where there is no API server to talk to. */
export async function programComponents(
  flags: Flags<typeof COMMON_FLAGS>,
  log: Logger,
  { name, node }: { name: string; node?: string },
): Promise<ProgramComponents> {
  const { namespace, kubeconfig, 'pod-name': pod } = flags
  const registry = metricsRegistry()
  const client = new ApiClient(await loadCredentials(kubeconfig || undefined), apiRequestMetrics(registry))
  const ownPod = new OwnPod({ client, log }, { namespace, name: pod })
  return {
    registry,
    client,
    ownPod,
    events: new EventRecorder(
      { client, log },
      { component: `metallb-${name}`, ...(node && { host: node }), onOutcome: eventMetrics(registry) },
    ),
    configurationState: new ConfigurationStateWriter(
      { client, log, ownPod },
      { namespace, ...(node && { node }) },
    ),
  }
}
