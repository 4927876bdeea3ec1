// A controller against a fake API server, which the test starts or leaves standing by; stopped after the test.

import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Controller } from '../../src/controller/controller.ts'
import { controllerMetrics } from '../../src/controller/metrics.ts'
import { ApiClient, ConfigurationStateWriter, EventRecorder, OwnPod } from '../../src/kube/index.ts'
import type { FakeApiServer } from '../kube/fake-api-server.ts'

export const NAMESPACE = 'metallb-system'
const log = pino({ level: 'silent' })

export interface Replica {
  controller: Controller
  client: ApiClient
}

/** @param clock - In ms; stands still unless given. */
export function replica(t: TestContext, server: FakeApiServer, clock: () => number = () => 0): Replica {
  const client = new ApiClient(server.credentials)
  const events = new EventRecorder({ client, log }, { component: 'metallb-controller' })
  const ownPod = new OwnPod({ client, log }, { namespace: NAMESPACE, name: '' })
  const configurationState = new ConfigurationStateWriter({ client, log, ownPod }, { namespace: NAMESPACE })
  const metrics = controllerMetrics(new Registry(), {
    usage: () => new Map(),
    services: () => new Map(),
    queueDepth: () => 0,
  })
  const controller = new Controller(
    { client, log, events, configurationState, metrics, clock },
    {
      namespace: NAMESPACE,
      loadBalancerClass: null,
      secretName: null,
      concurrency: 16,
      speakerLabels: 'component=speaker',
    },
  )
  t.after(async () => {
    await controller.stop()
    await events.stop()
    client.stop()
  })
  return { controller, client }
}
