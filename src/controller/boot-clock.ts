// A clock that never goes back and goes on while the process is frozen or the machine sleeps: CLOCK_BOOTTIME. Node tells
// that one only by reading /proc/uptime, which on a busy machine takes longer than to decide on a Service.

import { uptime } from 'node:os'

/** The clocks that it is made of, all in ms. */
export interface ClockReadings {
  /** Since the machine was started; may be some ms behind. */
  uptime: () => number
  /** Stands still while the machine sleeps. */
  monotonic: () => number
  /** Of the day. After a sleep the kernel puts it forward by as much as the time since the start. */
  wall: () => number
}

const OF_THIS_MACHINE: ClockReadings = {
  uptime: () => uptime() * 1000,
  monotonic: () => performance.now(),
  wall: () => Date.now(),
}

/** Their resolutions, and the time between two readings. */
const INEXACT_MS = 5

/** Milliseconds. Reads the time since the start only when the wall clock says that the machine may have slept. */
export function bootClock(read: ClockReadings = OF_THIS_MACHINE): () => number {
  let ahead = -Infinity // of the monotonic clock
  let wallAhead = -Infinity
  return () => {
    const start = read.monotonic()
    const wallAheadNow = read.wall() - start
    if (Math.abs(wallAheadNow - wallAhead) > INEXACT_MS) {
      const sinceBoot = read.uptime()
      const now = read.monotonic() // after it: a freeze in between puts us behind, and not ahead for good
      ahead = Math.max(ahead, sinceBoot - now)
      wallAhead = now - start > INEXACT_MS ? -Infinity : wallAheadNow
    }
    return read.monotonic() + ahead
  }
}
