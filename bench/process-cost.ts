// What programs have cost so far, as /proc shows it.

import { readFileSync } from 'node:fs'

const TICKS_PER_S = 100

export interface Cost {
  readonly cpuSeconds: number
  readonly residentMb: number
  readonly peakMb: number
  /** s since the machine started; of the oldest of the processes. */
  readonly startedAt: number
}

/** Of the processes together. */
export function costOf(pids: readonly number[]): Cost {
  const costs = pids.map(costOfOne)
  const sum = (of: 'cpuSeconds' | 'residentMb' | 'peakMb'): number =>
    costs.reduce((total, cost) => total + cost[of], 0)
  return {
    cpuSeconds: sum('cpuSeconds'),
    residentMb: sum('residentMb'),
    peakMb: sum('peakMb'),
    startedAt: Math.min(...costs.map(({ startedAt }) => startedAt)),
  }
}

/** proc(5): the name in parentheses may hold blanks; fields count from what follows it. */
function costOfOne(pid: number): Cost {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string): number =>
    (Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / 1e6
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [, , , , , , , , , , , user = 0, system = 0, , , , , , , start = 0] = fields
  return {
    cpuSeconds: (user + system) / TICKS_PER_S,
    residentMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
    startedAt: start / TICKS_PER_S,
  }
}
