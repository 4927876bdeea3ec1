// The two plain values that pass between the speaker's threads: what this node may hold, and what it holds.

import type { Address } from '../ip/index.ts'

/** From the cluster thread to the wire thread, whole each time. */
export interface Intents {
  readonly node: string
  readonly addresses: readonly AddressIntent[]
}

/** One external address, whichever Services share it. */
export interface AddressIntent {
  readonly address: Address
  /** Nodes that may hold it, first choice first; this node may be missing. */
  readonly candidates: readonly string[]
  /** Exact names of the interfaces to announce it on; `null`: all, or those whose subnet has it. */
  readonly interfaces: readonly string[] | null
}

/** From the wire thread to the cluster thread, whole each time, after each change. Addresses are canonical text. */
export interface Report {
  readonly held: readonly HeldAddress[]
  /** Addresses that this node should hold and that no interface of it can announce. */
  readonly unplaced: readonly string[]
  readonly conflicts: readonly Conflict[]
}

export interface HeldAddress {
  readonly ip: string
  /** Names of the interfaces that it is announced on, sorted. */
  readonly interfaces: readonly string[]
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
}

export interface AddressCounters {
  readonly requests: number
  readonly responses: number
  readonly gratuitous: number
}
