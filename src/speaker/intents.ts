// The plain values that pass between the speaker's threads: what this node may hold, and what it holds.

import type { Prospect } from '../config/index.ts'
import type { Cause, Intent } from '../election/index.ts'
import type { ClaimState } from '../packet/index.ts'
import type { ClaimTransition, PeerView, SegmentView } from '../status/index.ts'

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
export interface SegmentReport extends Omit<SegmentView, 'peers'> {
  /** The other speakers that live, by node. */
  readonly peers: readonly PeerReport[]
}

export type PeerReport = Omit<PeerView, 'interface'>

export interface HeldAddress {
  readonly ip: string
  /** Names of the interfaces that it is announced on, sorted. */
  readonly interfaces: readonly string[]
  /** For how long already, on the first of them: RFC 3339. */
  readonly since: string
}

/** Somebody has an address that this node should hold, and does not claim it as a speaker does. */
export interface Conflict {
  readonly ip: string
  readonly interface: string
  /** Lower case with colons. */
  readonly mac: string
  /** Whose speaker has that MAC: its kernel has the address, or somebody else there; `null`: no speaker has it. */
  readonly node: string | null
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
export interface TransitionReport extends ClaimTransition {
  readonly from: ClaimState
  readonly to: ClaimState
  readonly cause: Cause
}
