// One thing that is not as it should be: what, where, why it matters, what to do. Pure.

import { EXIT } from './exit-code.ts'

/** - error: somebody is not served. - warning: it will hurt, or hurts in some cases. - note: good to know. */
export type Level = 'error' | 'warning' | 'note'

export interface Finding {
  readonly level: Level
  /** Stable, one word. */
  readonly reason: string
  /** Kind and name: `Service default/web`. */
  readonly object: string
  /** Sentences. */
  readonly what: string
  readonly why: string
  readonly remedy: string
}

const RANK: Readonly<Record<Level, number>> = { error: 0, warning: 1, note: 2 }

/** The worst first, then by object. */
export function byGravity(a: Finding, b: Finding): number {
  return RANK[a.level] - RANK[b.level] || (a.object < b.object ? -1 : a.object > b.object ? 1 : 0)
}

/** The exit code that tells the worst of them; notes are no reason to complain. */
export function exitCodeOf(findings: readonly Pick<Finding, 'level'>[]): number {
  if (findings.some(({ level }) => level === 'error')) return EXIT.error
  return findings.some(({ level }) => level === 'warning') ? EXIT.warning : EXIT.ok
}
