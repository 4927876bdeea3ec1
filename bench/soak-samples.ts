// What the programs use as time goes on: memory and file descriptors as /proc shows them, and how late their event loops
// were, as they say themselves.
import { readdirSync } from 'node:fs'
import { EVENT_LOOP_SAMPLING_MS } from '../src/status/index.ts'
import { AS_ADMINISTRATOR, pids } from '../test/e2e/cluster.ts'
import { on } from '../test/e2e/lan.ts'
import { costOf } from './process-cost.ts'

export interface Sample {
  /** `controller`, `speaker-node-1`. */
  readonly program: string
  /** Hours since the soak began. */
  readonly at: number
  readonly residentMb: number
  readonly descriptors: number
  /** The longest delay of 99 % of the turns since it was asked last, ms; undefined: it did not say. */
  readonly lagMs?: number
}

const NODES = ['node-1', 'node-2', 'node-3', 'node-4']

/** Of each process that runs now. */
export async function sample(at: number): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const [index, pid] of running('controller').entries()) {
    const use = useOf(pid)
    if (use !== undefined) samples.push({ program: `controller ${index + 1}`, at, ...use })
  }
  for (const node of NODES) {
    const [pid] = running(`speaker-${node}`)
    const use = pid === undefined ? undefined : useOf(pid)
    if (use === undefined) continue
    const lagMs = await lagOn(node)
    samples.push({ program: `speaker ${node}`, at, ...use, ...(lagMs !== undefined && { lagMs }) })
  }
  return samples
}

function running(name: string): number[] {
  try {
    return pids(name)
  } catch {
    return []
  }
}

function useOf(pid: number): Pick<Sample, 'residentMb' | 'descriptors'> | undefined {
  try {
    return {
      residentMb: costOf([pid]).residentMb,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    }
  } catch {
    return undefined // it has just ended
  }
}

/** undefined: it did not answer, as while the API server, which it asks who we are, is away. */
async function lagOn(node: string): Promise<number | undefined> {
  const options = ['-sSk', '--max-time', '2', ...AS_ADMINISTRATOR]
  const text = await on(node, `curl ${options.join(' ')} https://127.0.0.1:9120/metrics`).catch(() => '')
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1000 - EVENT_LOOP_SAMPLING_MS)
}
