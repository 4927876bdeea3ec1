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

/** From the wire thread to the cluster thread, whole each time. */
export interface Report {
  readonly held: readonly HeldAddress[]
  /** Interfaces that it could not listen on, with the reason. */
  readonly failures: readonly { readonly interface: string; readonly message: string }[]
  readonly counters: Readonly<Record<string, AddressCounters>>
}

export interface HeldAddress {
  readonly address: Address
  /** Names of the interfaces that it is announced on, sorted. */
  readonly interfaces: readonly string[]
}

/** By address as text, since the start of the thread. */
export interface AddressCounters {
  readonly requests: number
  readonly responses: number
  readonly gratuitous: number
}
