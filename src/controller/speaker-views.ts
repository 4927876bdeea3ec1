// What the status API shows of nodes and their speakers.

import type { Pod } from '../api/index.ts'
import { explainIneligibility } from '../candidates/index.ts'
import { formatAddress } from '../ip/index.ts'
import { isReady } from '../program-pods.ts'
import type { SpeakerView, SpeakerWords } from '../status/index.ts'
import type { ControllerView } from './controller.ts'

/** @param words what the speaker says of itself, where it was asked. */
export function speakerView(
  view: ControllerView,
  node: string,
  words: SpeakerWords | undefined,
): SpeakerView | undefined {
  const { cluster, overview } = view
  const object = cluster.nodes.get(node)
  const pod = podOf(view, node)
  if (object === undefined && pod === undefined) return undefined
  const { bars, eligible } = overview.candidates(cluster)
  const bar = bars.get(node)
  const services = [...overview.announcements.ofNode(node)]
  const ips = new Set(services.flatMap((key) => ipsOf(view, key)))
  const [container] = pod?.spec?.containers ?? []
  return {
    node,
    ...(pod?.metadata?.name !== undefined && { pod: pod.metadata.name }),
    ready: pod !== undefined && isReady(pod),
    ...(container?.image !== undefined && { image: container.image }),
    nodeAddresses: (object?.status?.addresses ?? [])
      .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
      .map(({ address }) => address),
    eligible: eligible.has(node),
    ...(bar !== undefined && { reason: bar, message: `${node} ${explainIneligibility(bar)}` }),
    services: services.filter((key) => view.services.has(key)).length,
    ips: [...ips].sort(),
    ...words,
  }
}

/** Names of the nodes, and of those that have a speaker all the same. */
export function speakerKeys({ cluster: { nodes, speakers } }: ControllerView): string[] {
  const withPods = [...speakers.values()].flatMap(({ spec }) => spec?.nodeName || [])
  return [...new Set([...nodes.keys(), ...withPods])].sort()
}

/** In a rollout there may be two: the one that is Ready counts. */
function podOf({ cluster: { speakers } }: ControllerView, node: string): Pod | undefined {
  const pods = [...speakers.values()].filter(({ spec }) => spec?.nodeName === node)
  return pods.find(isReady) ?? pods[0]
}

function ipsOf({ state }: ControllerView, key: string): string[] {
  return (state?.assignments.get(key)?.addresses ?? []).map(formatAddress)
}
