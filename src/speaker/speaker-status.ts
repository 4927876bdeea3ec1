// What the speaker's status API shows, from what the wire thread reports. Keeps the last few hundred transitions.

import { type NodeView, Recent, type SpeakerSource } from '../status/index.ts'
import type { Report, TransitionReport } from './intents.ts'

const REMEMBERED = 500

export interface StatusSourceComponents {
  /** The last report of the wire thread. */
  report: () => Report
  /** Keys of the Services that have an address, by the address as text. */
  servicesByAddress: () => ReadonlyMap<string, readonly string[]>
  /** Read anew each time. */
  node: () => NodeView
}

export class SpeakerStatus implements SpeakerSource {
  readonly #components: StatusSourceComponents
  readonly transitions = new Recent<TransitionReport>(REMEMBERED)

  constructor(components: StatusSourceComponents) {
    this.#components = components
  }

  remember(transition: TransitionReport): void {
    this.transitions.add(transition)
  }

  node() {
    return this.#components.node()
  }

  segments() {
    return this.#report.segments.map((segment) => ({ ...segment, peers: segment.peers.length }))
  }

  peers() {
    return this.#report.segments.flatMap(({ interface: name, peers }) =>
      peers.map((peer) => ({ ...peer, interface: name })),
    )
  }

  held() {
    return this.#withServices(this.#report.held)
  }

  conflicts() {
    return this.#withServices(this.#report.conflicts)
  }

  get #report(): Report {
    return this.#components.report()
  }

  #withServices<T extends { readonly ip: string }>(entries: readonly T[]) {
    const services = this.#components.servicesByAddress()
    return entries.map((entry) => ({ ...entry, services: services.get(entry.ip) ?? [] }))
  }
}
