// What the status API asks again and again, kept while the cluster changes: which Services there are in order, who
// announces them, what happened lately, what has changed since when.

import { ANNOTATION, type Service, type ServiceL2Status } from '../api/index.ts'
import { type ClusterView, clusterView } from '../candidates/index.ts'
import { readConfiguration } from '../config/index.ts'
import { ignoresExcludeLabel } from '../program-pods.ts'
import { ChangeLog } from '../status/index.ts'
import { Announcements, nodeOf, serviceOf } from './announcements.ts'
import type { ClusterCopy } from './cluster-copy.ts'
import { History } from './history.ts'

export class Overview {
  readonly changes = new ChangeLog()
  readonly announcements = new Announcements()
  readonly history = new History((key) => this.changes.mark('transition', key))
  /** Of type LoadBalancer. */
  readonly #services = new Set<string>()
  #sorted: readonly string[] | undefined
  #candidates: ClusterView | undefined

  /** Keys of the Services of type LoadBalancer. */
  get services(): readonly string[] {
    return (this.#sorted ??= [...this.#services].sort())
  }

  /** @param live whether this has just happened, and is not the first list. */
  onService(key: string, now: Service | undefined, before: Service | undefined, live: boolean): void {
    if (isLoadBalancer(now) !== this.#services.has(key)) {
      if (isLoadBalancer(now)) this.#services.add(key)
      else this.#services.delete(key)
      this.#sorted = undefined
    }
    if (!isLoadBalancer(now) && !isLoadBalancer(before)) return
    this.changes.mark('service', key)
    for (const pool of new Set([poolOf(before), poolOf(now)])) {
      if (pool !== undefined) this.changes.mark('pool', pool)
    }
    for (const status of this.announcements.ofService(key)) this.changes.mark('speaker', nodeOf(status))
    if (live) this.history.onService(key, now, before)
  }

  onPool(name: string): void {
    this.changes.mark('pool', name)
  }

  onStatus(
    key: string,
    now: ServiceL2Status | undefined,
    before: ServiceL2Status | undefined,
    live: boolean,
  ): void {
    this.announcements.set(key, now, before)
    for (const status of [before, now]) {
      const service = serviceOf(status)
      if (status === undefined || service === undefined) continue
      this.changes.mark('service', service)
      this.changes.mark('speaker', nodeOf(status))
    }
    if (live) this.history.onStatus(now, before)
  }

  /** What decides who may announce has changed: of this node, or of all. */
  onCandidates(node: string | undefined): void {
    this.#candidates = undefined
    if (node !== undefined) this.changes.mark('speaker', node)
  }

  /** Who may announce, by what is known now. */
  candidates({ configurationObjects, advertisements, nodes, speakers }: ClusterCopy): ClusterView {
    const pods = [...speakers.values()]
    return (this.#candidates ??= clusterView({
      configuration: readConfiguration({
        ...configurationObjects,
        advertisements: [...advertisements.values()],
        reserved: [],
      }),
      nodes: [...nodes.values()],
      speakers: new Set(pods.flatMap(({ spec }) => spec?.nodeName || [])),
      ignoreExcludeLabel: pods.some(ignoresExcludeLabel),
    }))
  }
}

function isLoadBalancer(service: Service | undefined): boolean {
  return service?.spec?.type === 'LoadBalancer'
}

function poolOf(service: Service | undefined): string | undefined {
  return service?.metadata?.annotations?.[ANNOTATION.allocatedFromPool]
}
