// The plain values that pass between the speaker's threads: what this node may hold, and what it holds.

import type { Prospect } from '../config/index.ts'
import type { Cause, Intent } from '../election/index.ts'
import type { ClaimState } from '../packet/index.ts'

/** What this node may hold, as its cluster thread knows. */
export interface Intents {
  readonly node: string
  /** Tells this cluster's speakers from another's on the same LAN: 16 lower-case hexadecimal digits. */
  readonly cluster: string
  /** They may be old: the API server has been away for a while, or this was read from a file. */
  readonly isStale: boolean
  readonly addresses: readonly AddressIntent[]
  /** What it could hold if there were a Service that asks for it. */
  readonly prospects: readonly Prospect[]
}

/** From the cluster thread to the wire thread: of the addresses only what has changed since the last one. */
export interface IntentsChange extends Intents {
  /** Addresses, as text, that nobody asks for any more. */
  readonly withdrawn: readonly string[]
}

/** One external address, whichever Services share it. */
export interface AddressIntent extends Intent {
  /** Exact names of the interfaces to announce it on; `null`: all, or those whose subnet has it. */
  readonly interfaces: readonly string[] | null
}

/** What the wire thread does. Addresses are canonical text. */
export interface Report {
  readonly held: readonly HeldAddress[]
  /** Addresses that this node might hold and that no interface of it can announce. */
  readonly unplaced: readonly string[]
  readonly conflicts: readonly Conflict[]
  readonly segments: readonly SegmentReport[]
}

export const NOTHING_REPORTED: Report = { held: [], unplaced: [], conflicts: [], segments: [] }

/** From the wire thread to the cluster thread: of what is held only what has changed since the last one. */
export interface ReportChange extends Report {
  /** Addresses that are held no longer. */
  readonly released: readonly string[]
}

/** This node's part in one segment. */
export interface SegmentReport {
  readonly interface: string
  /** Whether the interface has a carrier and can be listened on. */
  readonly isUp: boolean
  /** It hears first who is there, and claims nothing new. */
  readonly isListening: boolean
  /** It hears a majority of the speakers that it knows of. */
  readonly hasQuorum: boolean
  /** The other speakers that live, by node. */
  readonly peers: readonly PeerReport[]
  /** Addresses that two others hold; for longer than a moment only when those do not hear each other. */
  readonly disputed: readonly { readonly ip: string; readonly nodes: readonly string[] }[]
}

export interface PeerReport {
  readonly node: string
  /** Drawn at each start. */
  readonly instance: string
  /** Lower case with colons. */
  readonly mac: string
  readonly isListening: boolean
  readonly isLeaving: boolean
  /** What it knows of the cluster may be old. */
  readonly isStale: boolean
  readonly hasQuorum: boolean
  /** It hears next to nobody, and counts as dead. */
  readonly isDeaf: boolean
  /** How many addresses it answers for. */
  readonly held: number
}

export interface HeldAddress {
  readonly ip: string
  /** Names of the interfaces that it is announced on, sorted. */
  readonly interfaces: readonly string[]
  /** For how long already, on the first of them: RFC 3339. */
  readonly since: string
}

/** Somebody who is no speaker has an address that this node should hold. */
export interface Conflict {
  readonly ip: string
  readonly interface: string
  /** Lower case with colons. */
  readonly mac: string
  /** Whether this node announces the address all the same, since it had it first. */
  readonly isAnnounced: boolean
}

/** What the wire thread counted since its start. */
export interface Counters {
  /** By address as text, of those held now. */
  readonly addresses: Readonly<Record<string, AddressCounters>>
  /** Frames received, by what became of them. */
  readonly frames: Readonly<Record<string, number>>
  /** What was not seen or not told, by cause. */
  readonly losses: Readonly<Record<string, number>>
  /** Hellos of other speakers by what became of them: `accepted`, of those `late`, or why they were refused. */
  readonly hellos: Readonly<Record<string, number>>
}

export interface AddressCounters {
  readonly requests: number
  readonly responses: number
  readonly gratuitous: number
}

/** What happened to this node's claim on an address in one segment. */
export interface TransitionReport {
  readonly ip: string
  readonly interface: string
  readonly from: ClaimState
  readonly to: ClaimState
  readonly cause: Cause
  /** Who answered for the address last, or does now; `null`: nobody was heard to. */
  readonly peer: string | null
  /** For how long that one had not been heard: ms. */
  readonly silentMs: number | null
  /** RFC 3339. */
  readonly at: string
}
