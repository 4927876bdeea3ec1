// The controller program: its flags, and its parts put together.

import type { Logger } from 'pino'
import { COMMON_FLAGS, type Flags, portFlag } from '../flags.ts'
import {
  ApiClient,
  ConfigurationStateWriter,
  EventRecorder,
  inOrder,
  loadCredentials,
  OwnPod,
  type Startable,
} from '../kube/index.ts'
import {
  healthServer,
  listenOn,
  metricsRegistry,
  registerConfigurationMetrics,
  statusServer,
} from '../status/index.ts'
import { Controller } from './controller.ts'
import { controllerMetrics } from './metrics.ts'
import { statusSource } from './views.ts'

export const CONTROLLER_FLAGS = COMMON_FLAGS

/** Rejects with `FlagError` for flags that make no sense, `NotConfigured` where there is no API server to talk to. */
export async function createController(
  flags: Flags<typeof CONTROLLER_FLAGS>,
  log: Logger,
): Promise<Startable> {
  const { namespace } = flags
  const client = new ApiClient(await loadCredentials(flags.kubeconfig || undefined))
  const events = new EventRecorder({ client, log }, { component: 'metallb-controller' })
  const ownPod = new OwnPod({ client, log }, { namespace, name: flags['pod-name'] })
  const configurationState = new ConfigurationStateWriter({ client, log, ownPod }, { namespace })
  const loadBalancerClass = flags['lb-class'] || null
  const registry = metricsRegistry()
  const metrics = controllerMetrics(registry, () => controller.usage)
  const controller = new Controller(
    { client, log, events, configurationState, metrics },
    { namespace, loadBalancerClass },
  )
  registerConfigurationMetrics(registry, {
    loaded: () => controller.hasSynced,
    refused: () => (controller.view.state?.configuration.refusals.length ?? 0) > 0,
  })
  const health = healthServer({
    notAlive: () => undefined,
    notReady: () =>
      controller.hasSynced ? undefined : 'waiting for the API server: not all assignments are known',
  })
  const servers = listenOn([
    { server: health, port: portFlag('health-probe-port', flags['health-probe-port']), host: '::' },
    {
      server: statusServer(
        statusSource(() => controller.view),
        registry,
      ),
      port: portFlag('port', flags.port),
      host: '::',
    },
  ])
  return inOrder([client, servers, events, ownPod, configurationState, controller])
}
