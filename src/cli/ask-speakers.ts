// Asks all speakers what only they can see.

import type { Node } from '../api/index.ts'
import type { ApiClient } from '../kube/index.ts'
import { placeOf } from '../program-pods.ts'
import { type Hearing, SpeakerAsker } from '../status/index.ts'
import type { Cluster } from './cluster.ts'

/** Of one question. Whoever sits before it would rather wait than not know. */
const DEADLINE_MS = 10_000
/** Speakers asked at the same time. */
const AT_ONCE = 32

/** Of all speakers that are Ready. Never rejects. */
export async function askSpeakers(
  client: ApiClient,
  { programs, nodes, namespace }: Pick<Cluster, 'programs' | 'nodes' | 'namespace'>,
  deadlineMs = DEADLINE_MS,
): Promise<Hearing[]> {
  const asker = new SpeakerAsker(client, { namespace, deadlineMs })
  const places = programs
    .filter(({ component }) => component === 'speaker')
    .flatMap((speaker) => placeOf(speaker) ?? [])
    .map((place) => ({ ...place, hosts: [...new Set([...place.hosts, ...addressesOf(place.node, nodes)])] }))
  const hearings: Hearing[] = []
  for (let from = 0; from < places.length; from += AT_ONCE) {
    const some = places.slice(from, from + AT_ONCE)
    hearings.push(...(await Promise.all(some.map((place) => asker.ask(place)))))
  }
  return hearings
}

function addressesOf(name: string, nodes: readonly Node[]): string[] {
  const node = nodes.find(({ metadata }) => metadata?.name === name)
  return (node?.status?.addresses ?? []).map(({ address }) => address)
}
