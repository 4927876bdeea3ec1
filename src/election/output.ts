// What an instance wants done, and what it did.
import type { Address } from '../ip/index.ts'
import type { ClaimState, Hello } from '../packet/index.ts'
import type { Cause } from './table.ts'

/**
 * - `hold`: answer for it, and announce it; `release`: no longer.
 * - `probe`: send one probe. What answers it comes back as `Observation`.
 * - `gratuitous`: announce it once more; `defend`: the same, against a stranger.
 */
export interface Action {
  readonly kind: 'hold' | 'release' | 'probe' | 'gratuitous' | 'defend'
  readonly address: Address
}

export interface Transition {
  readonly address: Address
  readonly from: ClaimState
  readonly to: ClaimState
  readonly cause: Cause
  readonly at: number
  /** Who answered for the address last, or does now; `null`: nobody was heard to. */
  readonly peer: { readonly node: string; readonly heardAt: number } | null
}

/** In the order in which it has to be done: hellos last. */
export interface Output {
  readonly actions: readonly Action[]
  readonly hellos: readonly Hello[]
  readonly transitions: readonly Transition[]
}
