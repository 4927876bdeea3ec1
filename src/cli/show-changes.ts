// What the commands that change something have done, as text for people. Pure.

import type { Drained, Undrained } from './drain.ts'
import { takingAway } from './passing-preference.ts'
import type { Outcome, Rebalanced } from './rebalance.ts'
import { type Cell, printable, type Style, table, type Tone } from './text.ts'

export function showDrained({ node, moved, dark, left }: Drained): string {
  const lines = [
    ...moved.map(({ service, nodes }) => `${service}: ${nodes.join(', ')} announces it now`),
    ...dark.map((service) => `${service}: nobody announces it now`),
    ...left.map((service) => `${service}: not handed over in time`),
    left.length > 0
      ? `${node} is excluded, and announces still or was not relieved`
      : `${node} announces nothing`,
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}

export function showUndrained({ node, wasExcluded }: Undrained): string {
  return wasExcluded
    ? `${node} may announce again; what others hold stays with them unless the settings say otherwise\n`
    : `${node} was not excluded\n`
}

const TONES: Readonly<Record<Outcome, Tone | undefined>> = {
  Planned: undefined,
  Moved: 'good',
  NotMoved: 'bad',
  Refused: 'bad',
}

export function showRebalanced({ nodes, moves, left }: Rebalanced, { paint }: Style): string {
  const nodeRows = nodes.map(({ node, before, after }) => [node, String(before), String(after)])
  const moveRows = moves.map(({ services, addresses, from, to, outcome, message }): (Cell | string)[] => [
    services.join(','),
    addresses.join(','),
    from,
    to,
    { text: message === '' ? outcome : `${outcome}: ${message}`, tone: TONES[outcome] ?? 'faint' },
  ])
  const parts = [
    table(['NODE', 'ANNOUNCES', 'PLANNED'], nodeRows, paint),
    '\n',
    moves.length === 0
      ? 'No address has to move.\n'
      : table(['SERVICE', 'ADDRESSES', 'FROM', 'TO', ''], moveRows, paint),
  ]
  if (left.length > 0) parts.push('\n', printable(`Take away by hand: ${takingAway(left)}`), '\n')
  return parts.join('')
}
