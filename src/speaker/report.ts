// What the wire thread does, in the words of its report. Pure.

import { formatAddress } from '../ip/index.ts'
import { formatMac } from '../packet/index.ts'
import type { Transition } from '../election/index.ts'
import type { Conflict, HeldAddress, PeerReport, Report, SegmentReport, TransitionReport } from './intents.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'

/** Makes an instant of the monotonic clock one that people read: RFC 3339. */
export type TimeOfDay = (at: number) => string

export function reportOf(segments: Segments, timeOfDay: TimeOfDay): Report {
  const all = [...segments.all]
  return {
    held: heldBy(all, timeOfDay),
    unplaced: segments.unplaced.map(formatAddress),
    ...passingOf(segments),
  }
}

/** What can change without a claim that does. */
export function passingOf(segments: Segments): Pick<Report, 'conflicts' | 'segments'> {
  const all = [...segments.all]
  return { conflicts: all.flatMap(conflictsIn), segments: all.map(segmentReport) }
}

function heldBy(segments: readonly Segment[], timeOfDay: TimeOfDay): HeldAddress[] {
  const held = new Map<string, { interfaces: string[]; since: number }>()
  for (const { link, claims } of segments) {
    for (const { address, state, since } of claims) {
      if (state !== 'active' && state !== 'yielding') continue
      const ip = formatAddress(address)
      const before = held.get(ip)
      const interfaces = [...(before?.interfaces ?? []), link.name].sort()
      held.set(ip, { interfaces, since: Math.min(since, before?.since ?? Infinity) })
    }
  }
  return [...held].map(([ip, { interfaces, since }]) => ({ ip, interfaces, since: timeOfDay(since) }))
}

function conflictsIn({ link, claims, conflicts }: Segment): Conflict[] {
  const blocked = [...claims].flatMap(({ address, state, stranger }) =>
    state !== 'blocked' || stranger === null ? [] : [{ address, mac: stranger, isAnnounced: false }],
  )
  const announced = conflicts.map((conflict) => ({ ...conflict, isAnnounced: true }))
  return [...blocked, ...announced].map(({ address, mac, isAnnounced }) => {
    return { ip: formatAddress(address), interface: link.name, mac: formatMac(mac), isAnnounced }
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
      held: [...peer.claims.values()].filter(({ state }) => state === 'active' || state === 'yielding')
        .length,
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
