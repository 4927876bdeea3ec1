// What is wrong with the installation: programs that are missing or not ready, strangers beside them, kube-proxy. Pure.

import { parse } from 'yaml'
import type { Node } from '../api/index.ts'
import { explainIneligibility } from '../candidates/index.ts'
import { activeController } from './active-controller.ts'
import type { Cluster } from './cluster.ts'
import type { Finding } from './finding.ts'
import type { ProgramPod } from '../program-pods.ts'

export function checkInstallation(cluster: Cluster): Finding[] {
  return [
    ...notShown(cluster),
    ...(sees(cluster, 'Pod')
      ? [...controllers(cluster), ...speakers(cluster), ...versions(cluster), ...metallbBeside(cluster)]
      : []),
    ...excludedNodes(cluster),
    ...invalidStates(cluster),
    ...leftAnnouncements(cluster),
    ...strictArp(cluster),
  ]
}

/** Kinds that old servers do not have, or that tell us little. */
const DISPENSABLE: ReadonlySet<string> = new Set(['ServiceCIDR', 'ConfigMap', 'Event', 'Lease'])

function notShown({ unseen }: Cluster): Finding[] {
  return unseen
    .filter(({ kind, isUnknown }) => !(isUnknown && DISPENSABLE.has(kind)))
    .map(({ kind, message, isUnknown }): Finding => {
      if (isUnknown) {
        return {
          level: 'error',
          reason: 'NotInstalled',
          object: kind,
          what: `the API server does not know the kind ${kind}`,
          why: 'Typemetal is not installed in this cluster, or not as a whole',
          remedy: 'kubectl apply -k deploy/',
        }
      }
      return {
        level: DISPENSABLE.has(kind) ? 'note' : 'warning',
        reason: 'CannotSee',
        object: kind,
        what: `they cannot be seen: ${message}`,
        why: 'what depends on it was not looked at',
        remedy: `ask for the right to list ${kind} objects`,
      }
    })
}

function sees({ unseen }: Cluster, kind: string): boolean {
  return unseen.every((each) => each.kind !== kind)
}

function controllers(cluster: Cluster): Finding[] {
  const pods = cluster.programs.filter(({ component }) => component === 'controller')
  const object = 'Deployment controller'
  const remedy = `kubectl -n ${cluster.namespace} describe deployment controller; and its log`
  if (!pods.some(({ isReady }) => isReady)) {
    return [
      {
        level: 'error',
        reason: 'NoController',
        object,
        what: pods.length === 0 ? nowhere('controller', cluster) : 'no controller is ready',
        why: 'no Service gets an address; those that have one keep it',
        remedy,
      },
    ]
  }
  const active = activeController(cluster)
  if (active === null || active.isAlive) return []
  const what = `the lease is held by ${active.identity || 'nobody'}, and was renewed last at ${active.renewed}`
  const why = 'no Service gets an address until another replica takes over, which takes about 15 s'
  return [{ level: 'warning', reason: 'NoActiveController', object, what, why, remedy }]
}

function nowhere(program: string, { namespace }: Cluster): string {
  return `there is no ${program} in namespace ${namespace}; if it is in another one, give --installation`
}

function speakers(cluster: Cluster): Finding[] {
  const pods = cluster.programs.filter(({ component }) => component === 'speaker')
  if (pods.length === 0) {
    return [
      {
        level: 'error',
        reason: 'NoSpeaker',
        object: 'DaemonSet speaker',
        what: nowhere('speaker', cluster),
        why: 'nobody answers for any address',
        remedy: `kubectl -n ${cluster.namespace} describe daemonset speaker`,
      },
    ]
  }
  return [
    ...pods.filter(({ isReady }) => !isReady).map((pod) => notReady(pod, cluster)),
    ...cluster.nodes.filter((node) => lacksSpeaker(node, pods)).map(withoutSpeaker),
  ]
}

function notReady({ name, node }: ProgramPod, { namespace }: Cluster): Finding {
  return {
    level: 'warning',
    reason: 'SpeakerNotReady',
    object: `Node ${node || '(none yet)'}`,
    what: `its speaker ${name} is not ready`,
    why: 'the node takes no address over',
    remedy: `kubectl -n ${namespace} logs ${name}`,
  }
}

function lacksSpeaker({ metadata, status, spec }: Node, pods: readonly ProgramPod[]): boolean {
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  const isWindows = metadata?.labels?.['kubernetes.io/os'] === 'windows'
  if (!isReady || isWindows || spec?.unschedulable) return false
  return pods.every(({ node }) => node !== metadata?.name)
}

function withoutSpeaker({ metadata }: Node): Finding {
  return {
    level: 'note',
    reason: 'NodeWithoutSpeaker',
    object: `Node ${metadata?.name}`,
    what: 'no speaker runs there',
    why: 'it announces no address, and with externalTrafficPolicy Local its pods get no traffic',
    remedy: "if it should announce, see the DaemonSet's nodeSelector and tolerations, and the node's taints",
  }
}

function versions({ programs }: Cluster): Finding[] {
  const images = [...new Set(programs.map(({ image }) => image))].sort()
  if (images.length < 2) return []
  return [
    {
      level: 'note',
      reason: 'SeveralVersions',
      object: 'DaemonSet speaker',
      what: `the programs run from ${images.join(' and ')}`,
      why: 'during an upgrade that is so; otherwise some are old',
      remedy: 'wait for the rollout to end: kubectl rollout status',
    },
  ]
}

/** The names that MetalLB publishes its images under. */
const METALLB_IMAGE = /(^|\/)metallb\/(controller|speaker)[:@]/

function metallbBeside({ programs, namespace }: Cluster): Finding[] {
  return programs
    .filter(({ image }) => METALLB_IMAGE.test(image))
    .map(({ name, image }) => ({
      level: 'error',
      reason: 'MetalLBRuns',
      object: `Pod ${namespace}/${name}`,
      what: `it runs MetalLB: ${image}`,
      why: 'two programs give and announce the same addresses',
      remedy: "remove MetalLB's Deployment and DaemonSet; pools and advertisements stay",
    }))
}

function excludedNodes({ view }: Cluster): Finding[] {
  const bars = [...view.bars].filter(([, bar]) => bar !== 'NoSpeaker') // of which others tell
  return bars.map(([node, bar]) => ({
    level: 'note',
    reason: 'NodeBarred',
    object: `Node ${node}`,
    what: `it announces nothing: it ${explainIneligibility(bar)}`,
    why: 'its addresses are on other nodes',
    remedy: bar === 'ExcludedByLabel' ? `kubectl typemetal undrain ${node}` : 'see to the node',
  }))
}

/** Only what this program does not see by itself: it reads the same configuration by the same rules. */
function invalidStates({ states, configuration }: Cluster): Finding[] {
  if (configuration.refusals.length > 0) return []
  return states
    .filter(({ status }) => status?.result === 'Invalid')
    .map(({ metadata, status }) => ({
      level: 'warning',
      reason: 'ConfigurationRefused',
      object: `ConfigurationState ${metadata.name}`,
      what: status?.errorSummary ?? 'it says Invalid',
      why: 'this program refuses an object, and here none is found that is wrong: it may be old, or behind',
      remedy: 'look again in a few seconds; else compare the versions of the programs',
    }))
}

function leftAnnouncements({ statuses, readySpeakers, programs, unseen }: Cluster): Finding[] {
  if (unseen.some(({ kind }) => kind === 'Pod') || programs.length === 0) return []
  const nodes = new Set(statuses.flatMap(({ status }) => status?.node ?? []))
  return [...nodes]
    .filter((node) => !readySpeakers.has(node))
    .map((node) => ({
      level: 'warning',
      reason: 'StaleAnnouncement',
      object: `Node ${node}`,
      what: 'ServiceL2Status objects say that it announces, and it has no speaker that is ready',
      why: 'who trusts them looks at the wrong node',
      remedy: 'nothing, if its speaker comes back; else delete its pod, and they go with it',
    }))
}

function strictArp({ proxyConfig }: Cluster): Finding[] {
  const settings = proxyConfig.flatMap(({ data }) => readSettings(data?.['config.conf'] ?? ''))
  return settings
    .filter(({ mode, ipvs }) => mode === 'ipvs' && ipvs?.strictARP !== true)
    .map(() => ({
      level: 'error',
      reason: 'NoStrictARP',
      object: 'ConfigMap kube-system/kube-proxy',
      what: 'kube-proxy is in IPVS mode without strictARP',
      why: 'every node has every address on an interface of its own and answers for it',
      remedy: 'set ipvs.strictARP: true in config.conf and restart the kube-proxy pods',
    }))
}

function readSettings(text: string): { mode?: string; ipvs?: { strictARP?: boolean } }[] {
  try {
    const settings: unknown = parse(text)
    return typeof settings === 'object' && settings !== null ? [settings] : []
  } catch {
    return [] // kube-proxy does not start with it either
  }
}
