// Waits for what comes about without an event that tells of it.
import { setTimeout as delay } from 'node:timers/promises'
import type { Responder } from '../../src/wire/index.ts'

/** Enough for a busy machine. */
const DEADLINE_MS = 30_000
const POLL_MS = 20

/** Throws with what `shown` returns when the condition is not fulfilled in time. */
export async function until(condition: () => boolean, shown: () => string): Promise<void> {
  for (const end = performance.now() + DEADLINE_MS; !condition(); await delay(POLL_MS))
    if (performance.now() > end) throw new Error(`not within ${DEADLINE_MS} ms: ${shown()}`)
}

/** Groups are joined a moment after that was asked for. */
export async function untilJoined(responder: Responder): Promise<void> {
  const notJoined = (): number => responder.counters().losses.groupsNotJoined
  await until(
    () => notJoined() === 0,
    () => `${notJoined()} groups`,
  )
}
