// What each command that changes something does, and what it says when it is done.

import { type DrainComponents, drain, undrain } from './drain.ts'
import type { Cluster } from './cluster.ts'
import type { CommandLine, CommandName } from './command-line.ts'
import { EXIT } from './exit-code.ts'
import { rebalance } from './rebalance.ts'
import { showDrained, showRebalanced, showUndrained } from './show-changes.ts'
import type { View } from './view.ts'

export interface ChangeComponents extends DrainComponents {
  /** Resolves when the person wants it to end; asked for only by commands that can be broken off. */
  interrupted: () => Promise<void>
}

/** Rejects with `CommandFailed` where nothing was done. */
export type Change = (components: ChangeComponents, cluster: Cluster, line: CommandLine) => Promise<View>

export const CHANGES = {
  async drain(components, cluster, { subject: node = '', timeoutMs, force }) {
    const drained = await drain(components, cluster, { node, timeoutMs, force })
    const exitCode = drained.left.length > 0 ? EXIT.failed : EXIT.ok
    return { value: drained, text: () => showDrained(drained), exitCode }
  },

  async undrain({ client }, cluster, { subject: node = '' }) {
    const undrained = await undrain(client, cluster, node)
    return { value: undrained, text: () => showUndrained(undrained), exitCode: EXIT.ok }
  },

  async rebalance(components, cluster, { timeoutMs, dryRun }) {
    const interrupted = dryRun ? Promise.race<void>([]) : components.interrupted()
    const done = await rebalance({ ...components, interrupted }, cluster, { timeoutMs, dryRun })
    const isDone = dryRun || done.moves.every(({ outcome }) => outcome === 'Moved')
    const exitCode = isDone && done.left.length === 0 ? EXIT.ok : EXIT.failed
    return { value: done, text: (style) => showRebalanced(done, style), exitCode }
  },
} as const satisfies Readonly<Partial<Record<CommandName, Change>>>

export type ChangingCommand = keyof typeof CHANGES

export function isChanging(command: CommandName): command is ChangingCommand {
  return Object.hasOwn(CHANGES, command)
}
