// What the wire thread does, in the words of its report. Pure.

import { formatAddress } from '../ip/index.ts'
import { type ClaimState, formatMac } from '../packet/index.ts'
import { isAnswering, type Transition } from '../election/index.ts'
import type { Claimed } from './claim-table.ts'
import type {
  Conflict,
  HeldAddress,
  PeerReport,
  Report,
  ReportChange,
  SegmentReport,
  TransitionReport,
} from './intents.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'

/** Makes an instant of the monotonic clock one that people read: RFC 3339. */
export type TimeOfDay = (at: number) => string

/** Tells of what is held only what has changed since it told last. */
export class Reporter {
  readonly #timeOfDay: TimeOfDay
  readonly #told = new Map<string, Claimed>()
  /** Of interfaces, by index, as it told them. */
  #nameOf: ReadonlyMap<number, string> = new Map()

  constructor(timeOfDay: TimeOfDay) {
    this.#timeOfDay = timeOfDay
  }

  report(segments: Segments): ReportChange {
    const released = [...this.#told.keys()].filter((ip) => !segments.held.has(ip))
    for (const ip of released) this.#told.delete(ip)
    const nameOf = new Map([...segments.all].map(({ link }) => [link.index, link.name] as const))
    if ([...nameOf].some(([index, name]) => this.#nameOf.get(index) !== name)) this.#told.clear()
    this.#nameOf = nameOf
    const held: HeldAddress[] = []
    for (const [ip, claimed] of segments.held) {
      if (this.#told.get(ip) === claimed) continue
      this.#told.set(ip, claimed)
      const interfaces = claimed.interfaceIndexes.map((index) => nameOf.get(index) ?? '').sort()
      held.push({ ip, interfaces, since: this.#timeOfDay(Math.min(...claimed.since)) })
    }
    return { held, released, unplaced: segments.unplaced.map(formatAddress), ...passingOf(segments) }
  }
}

/** What can change without a claim that does. */
export function passingOf(segments: Segments): Pick<Report, 'conflicts' | 'segments'> {
  const all = [...segments.all]
  return { conflicts: all.flatMap(conflictsIn), segments: all.map(segmentReport) }
}

function conflictsIn({ link, instance, conflicts }: Segment): Conflict[] {
  const blocked = [...instance.strangers()].map((stranger) => ({ ...stranger, isAnnounced: false }))
  const announced = conflicts.map((conflict) => ({ ...conflict, isAnnounced: true }))
  return [...blocked, ...announced].map(({ address, mac, isAnnounced }) => {
    const [peer] = instance.peers.withMac(mac)
    const node = peer?.node ?? null
    return { ip: formatAddress(address), interface: link.name, mac: formatMac(mac), node, isAnnounced }
  })
}

function segmentReport({ link, instance }: Segment): SegmentReport {
  const { isListening, peers } = instance
  const listed = [...peers.living.values()].map((peer): PeerReport => {
    const { node, mac, listening, leaving, stale, quorum, deaf } = peer
    return {
      node,
      instance: peer.instance,
      mac: formatMac(mac),
      isListening: listening,
      isLeaving: leaving,
      isStale: stale,
      hasQuorum: quorum,
      isDeaf: deaf,
      held: countHeld(peer.claims.values()),
    }
  })
  listed.sort((one, other) => (one.node < other.node ? -1 : 1))
  return {
    interface: link.name,
    isUp: link.hasCarrier,
    isListening,
    hasQuorum: peers.hasQuorum,
    peers: listed,
    disputed: [...instance.disputes()].map(({ address, nodes }) => ({ ip: formatAddress(address), nodes })),
  }
}

function countHeld(claims: Iterable<{ readonly state: ClaimState }>): number {
  let count = 0
  for (const { state } of claims) if (isAnswering(state)) count++
  return count
}

export function transitionReport(
  { address, from, to, cause, at, peer }: Transition,
  name: string,
  timeOfDay: TimeOfDay,
): TransitionReport {
  return {
    ip: formatAddress(address),
    interface: name,
    from,
    to,
    cause,
    peer: peer?.node ?? null,
    silentMs: peer === null ? null : Math.round(at - peer.heardAt),
    at: timeOfDay(at),
  }
}
