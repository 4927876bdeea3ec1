// The controller program: its parts put together.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { countFlag, type Flags, portFlag, speakerLabels } from '../flags.ts'
import {
  type ApiClient,
  inOrder,
  LeaseCandidate,
  type LeaseTiming,
  type Startable,
  Term,
} from '../kube/index.ts'
import { placeOf, programPod } from '../program-pods.ts'
import { programComponents } from '../program.ts'
import {
  healthServer,
  httpsAccess,
  listenOn,
  readPage,
  registerConfigurationMetrics,
  controllerServer,
  SpeakerAsker,
} from '../status/index.ts'
import { bootClock } from './boot-clock.ts'
import { Controller } from './controller.ts'
import { Endpoints } from './endpoints.ts'
import { type CONTROLLER_FLAGS, leaseTiming } from './flags.ts'
import { Hearings } from './hearings.ts'
import { controllerMetrics } from './metrics.ts'
import { statusSource } from './status-source.ts'

export { CONTROLLER_FLAGS } from './flags.ts'

/** A speaker that is well answers in a few milliseconds. */
const SPEAKER_DEADLINE_MS = 2000

/** Rejects with `FlagError` for flags that make no sense, `NotConfigured` where there is no API server to talk to. */
export async function createController(
  flags: Flags<typeof CONTROLLER_FLAGS>,
  log: Logger,
): Promise<Startable> {
  const { namespace } = flags
  const timing = leaseTiming(flags)
  const init = {
    namespace,
    loadBalancerClass: flags['lb-class'] || null,
    secretName: flags['ml-secret-name'] || null,
    speakerLabels: speakerLabels(flags['ml-labels']),
    concurrency: countFlag('concurrency', flags.concurrency),
  }
  const ports = {
    health: portFlag('health-probe-port', flags['health-probe-port']),
    status: portFlag('port', flags.port),
    loopback: portFlag('loopback-port', flags['loopback-port']),
  }
  const clock = bootClock()
  const { registry, client, events, ownPod, configurationState } = await programComponents(flags, log, {
    name: 'controller',
  })
  const metrics = controllerMetrics(registry, {
    usage: () => controller.usage,
    services: () => controller.servicesByPool,
    queueDepth: () => controller.queueDepth,
  })
  const controller = new Controller({ client, log, events, configurationState, metrics, clock }, init)
  const lease =
    flags.lease === 'true'
      ? candidate(flags, timing, { client, log, clock }, controller)
      : unrivalled(controller, clock)
  registerConfigurationMetrics(registry, {
    loaded: () => controller.hasSynced,
    refused: () => controller.configurationRefused,
  })
  const health = healthServer(
    {
      notAlive: () => undefined,
      notReady: () =>
        controller.hasSynced ? lease.refusal : 'waiting for the API server: not all assignments are known',
    },
    'everybody',
  )
  const { overview, cluster } = controller.view
  const asker = new SpeakerAsker(client, { namespace, deadlineMs: SPEAKER_DEADLINE_MS })
  const hearings = new Hearings({
    ask: (place) => asker.ask(place),
    places: () => [...cluster.speakers.values()].flatMap((pod) => placeOf(programPod(pod, 'speaker')) ?? []),
    changes: overview.changes,
    clock: () => performance.now(),
  })
  const source = statusSource({ view: () => controller.view, endpoints: new Endpoints(client), hearings })
  const onDefect = (error: Error): void => log.error({ err: error }, 'an answer could not be made')
  const https = await httpsAccess(flags, { client, log }, 'controller')
  const page = readPage()
  const secured = controllerServer(source, registry, { access: https.access, page, onDefect })
  const plain = controllerServer(source, registry, { access: { kind: 'loopback' }, page, onDefect })
  const servers = listenOn([
    { server: health, port: ports.health, host: '::' },
    { server: secured, port: ports.status, host: '::' },
    { server: plain, port: ports.loopback, host: '127.0.0.1' },
  ])
  // Stopped from the end: first nothing is written any more, then the lease is given up.
  return inOrder([
    client,
    https.renewing(secured),
    hearings,
    servers,
    events,
    ownPod,
    configurationState,
    lease,
    controller,
  ])
}

/** What makes a controller active, and why it is not allowed to while that is so. */
type Lease = Startable & { readonly refusal: string | undefined }

function candidate(
  flags: Flags<typeof CONTROLLER_FLAGS>,
  timing: LeaseTiming,
  components: { client: ApiClient; log: Logger; clock: () => number },
  controller: Controller,
): Lease {
  const pod = flags['pod-name']
  return new LeaseCandidate(components, {
    namespace: flags.namespace,
    name: flags['lease-name'],
    identity: `${pod || hostname()}_${randomBytes(8).toString('hex')}`,
    // A container is started when the one before it in its pod has ended, and no other pod has its name.
    predecessors: pod === '' ? null : `${pod}_`,
    timing,
    onTerm: (term) => void controller.begin(term),
  })
}

/** The only replica there is: active as long as it lives. */
function unrivalled(controller: Controller, clock: () => number): Lease {
  return {
    refusal: undefined,
    start: () => void controller.begin(new Term(clock, Infinity)),
    stop: () => undefined,
  }
}
