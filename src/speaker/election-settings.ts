// The election's settings, from the flags.

import type { Settings } from '../election/index.ts'
import { type Flags, FlagError } from '../flags.ts'
import type { SPEAKER_FLAGS } from './flags.ts'

const FAILBACKS = ['preferred', 'always'] as const

/** Throws `FlagError`. */
export function electionSettings(flags: Flags<typeof SPEAKER_FLAGS>): Settings {
  return {
    helloInterval: milliseconds(flags, 'hello-interval', 10, 500),
    deadInterval: milliseconds(flags, 'dead-interval', 50, 60_000),
    holdDown: milliseconds(flags, 'hold-down', 0, 300_000),
    failback: failbackOf(flags.failback),
  }
}

function milliseconds(
  flags: Flags<typeof SPEAKER_FLAGS>,
  name: 'hello-interval' | 'dead-interval' | 'hold-down',
  least: number,
  most: number,
): number {
  const value = /^\d+$/.test(flags[name]) ? Number(flags[name]) : Number.NaN
  if (value >= least && value <= most) return value
  throw new FlagError(
    `--${name} is a number of ms from ${least} to ${most}, not ${JSON.stringify(flags[name])}`,
  )
}

function failbackOf(text: string): Settings['failback'] {
  const failback = FAILBACKS.find((each) => each === text)
  if (failback !== undefined) return failback
  throw new FlagError(`--failback is one of ${FAILBACKS.join(', ')}, not ${JSON.stringify(text)}`)
}
