// The speaker program: its parts put together.

import type { Logger } from 'pino'
import { isAnswering } from '../election/index.ts'
import { type Flags, portFlag, speakerLabels } from '../flags.ts'
import { inOrder, type Startable } from '../kube/index.ts'
import { programComponents } from '../program.ts'
import {
  healthServer,
  httpsAccess,
  listenOn,
  speakerServer,
  registerConfigurationMetrics,
} from '../status/index.ts'
import { requireRawSockets } from '../wire/index.ts'
import { AnnouncedConditionWriter } from './announced-condition.ts'
import { Checkpoint } from './checkpoint.ts'
import { ClusterThread } from './cluster-thread.ts'
import { readExcludedInterfaces } from './excluded-interfaces.ts'
import type { SPEAKER_FLAGS } from './flags.ts'
import { registerElectionMetrics } from './election-metrics.ts'
import { electionSettings } from './election-settings.ts'
import { NOTHING_REPORTED, type TransitionReport } from './intents.ts'
import { SecretFile } from './secret-file.ts'
import { registerSpeakerMetrics } from './metrics.ts'
import { readNodeFacts } from './node-facts.ts'
import { Notices } from './notices.ts'
import { ServiceStatusWriter } from './service-status.ts'
import { SpeakerStatus } from './speaker-status.ts'
import { WireHandle } from './wire-handle.ts'

export { SPEAKER_FLAGS } from './flags.ts'

/**
 * Rejects with `FlagError` for flags and files that make no sense, `NotConfigured` where there is no API server to talk to,
 * `MissingCapability` when it may not speak on the wire.
 */
export async function createSpeaker(flags: Flags<typeof SPEAKER_FLAGS>, log: Logger): Promise<Startable> {
  const { namespace, 'node-name': node } = flags
  const excluded = readExcludedInterfaces(flags['excluded-interfaces'])
  const settings = electionSettings(flags)
  const secret = new SecretFile(
    { log },
    {
      folder: flags['ml-secret-key-path'],
      allowUnauthenticated: flags['allow-unauthenticated-hello'] === 'true',
      onChange: (newest) => wire.changeSecret(newest),
    },
  )
  requireRawSockets()
  const { registry, client, events, ownPod, configurationState } = await programComponents(flags, log, {
    name: 'speaker',
    node,
  })
  const checkpoint = new Checkpoint({ log }, { path: flags.checkpoint, node })
  const statuses = new ServiceStatusWriter({ client, log, ownPod }, { namespace, node })
  const conditions = new AnnouncedConditionWriter({
    client,
    log,
    wanted: (key, isNews) => cluster.wantedCondition(key, isNews),
  })
  const notices = new Notices({ log, events, statuses, conditions }, { node })
  let report = NOTHING_REPORTED
  const wireInit = {
    node,
    excludedInterfaces: excluded.map(({ source }) => source),
    secret: secret.secret,
    settings,
  }
  const wire = new WireHandle(wireInit, {
    onReport: (newest) => {
      report = newest
      cluster.onReport(newest)
    },
    onTransitions: (transitions) => {
      for (const transition of transitions) {
        countTransition(transition)
        status.remember(transition)
        const { to, cause, ip, peer } = transition
        if (to === 'active' && cause === 'takeover' && peer !== null) notices.inherit(ip, peer)
        log[isOfAccount(transition) ? 'info' : 'debug']({ ...transition }, 'claim changed')
      }
    },
    onLog: ({ level, fields, message }) => log[level](fields, message),
    onFailure: (error) => {
      log.fatal({ reason: error.message }, 'the wire thread failed; ending, to be started anew')
      process.exit(1)
    },
  })
  const cluster = new ClusterThread(
    {
      client,
      log,
      configurationState,
      notices,
      conditions,
      checkpoint,
      sendIntents: (intents) => wire.send(intents),
    },
    {
      namespace,
      node,
      loadBalancerClass: flags['lb-class'],
      ignoreExcludeLabel: flags['ignore-exclude-lb'] === 'true',
      speakerLabels: speakerLabels(flags['ml-labels']),
    },
  )
  const sources = { report: () => report, servicesByAddress: () => cluster.servicesByAddress() }
  const status = new SpeakerStatus({ ...sources, node: () => readNodeFacts({ node, excluded }) })
  registerSpeakerMetrics(registry, { node, ...sources, counters: () => wire.counters() })
  const countTransition = registerElectionMetrics(registry, {
    report: () => report,
    counters: () => wire.counters(),
  })
  registerConfigurationMetrics(registry, {
    loaded: () => cluster.hasSynced,
    refused: () => cluster.configurationRefused,
  })
  const stuck = (): string | undefined => (wire.lives ? undefined : 'the wire thread does not answer')
  const health = healthServer(
    {
      notAlive: stuck,
      notReady: () =>
        stuck() ?? (cluster.hasSynced ? undefined : 'waiting for the API server: not everything was read'),
    },
    'node',
  )
  const onDefect = (error: Error): void => log.error({ err: error }, 'an answer could not be made')
  const https = await httpsAccess(flags, { client, log }, 'speaker')
  const secured = speakerServer(status, registry, { access: https.access, onDefect })
  const servers = listenOn([
    { server: health, port: portFlag('health-probe-port', flags['health-probe-port']), host: '127.0.0.1' },
    { server: secured, port: portFlag('port', flags.port), host: '::' },
  ])
  // Stopped from the end: first nothing is announced any more, then the cluster is told no more.
  return inOrder([
    client,
    https.renewing(secured),
    servers,
    events,
    ownPod,
    configurationState,
    statuses,
    conditions,
    checkpoint,
    cluster,
    wire,
    secret,
  ])
}

/** Of the others nobody outside notices anything. */
function isOfAccount({ from, to }: TransitionReport): boolean {
  return [from, to].some((state) => isAnswering(state) || state === 'blocked')
}
