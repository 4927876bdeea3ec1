// What the machine outside notices of a fault: it asks through an address all the while.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'

const PROBE = fileURLToPath(new URL('./udp-probe.mjs', import.meta.url))

/** So long the client may take to begin. */
export const READY_LIMIT_MS = 20_000

export interface Outage {
  readonly sent: number
  readonly answered: number
  /** The longest time without an answer, and when it began (ms since 1970). */
  readonly gapMs: number
  readonly gapAt: number
  /** The longest time in which the client itself sent nothing: no gap shorter than that says anything. */
  readonly stallMs: number
}

/** Asks `address` by UDP every 5 ms while `during` runs. */
export async function outageDuring(
  address: string,
  port: number,
  during: () => Promise<void>,
): Promise<Outage> {
  const asking = spawn('ip', ['netns', 'exec', 'client', process.execPath, PROBE, address, String(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  try {
    await once(asking.stderr, 'data', { signal: AbortSignal.timeout(READY_LIMIT_MS) })
    await during()
    asking.stdin.end()
    return JSON.parse(await text(asking.stdout)) as Outage
  } finally {
    asking.kill('SIGKILL')
  }
}
