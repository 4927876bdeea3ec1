// What the machine outside notices of a fault: it asks through an address all the while.

import assert from 'node:assert/strict'
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
  /** What the client's own kernel did not send, as an ICMP error had come back for an earlier one. */
  readonly refused: number
  /** When the first 20 of those without an answer were sent, ms since 1970. */
  readonly lostAt: readonly number[]
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

/** What the client saw, in a sentence. */
export function inWords({ sent, answered, refused, lostAt, gapMs, stallMs }: Outage): string {
  const [gap, stall] = [gapMs, stallMs].map(Math.round)
  const times = lostAt.map((at) => new Date(at).toISOString().slice(11, 23)).join(', ')
  const lost = `${sent - answered} of ${sent} lost${times && `, sent at ${times}; ${refused} refused`}`
  return `${gap} ms without an answer, ${lost}; client's own stall ${stall} ms`
}

export function assertNothingLost(outage: Outage): void {
  assert.equal(outage.answered, outage.sent, inWords(outage))
}
