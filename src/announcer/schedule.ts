// When the gratuitous frames of one address are due. Pacing across addresses is in pacer.ts.

/**
 * Offsets from the moment of taking over. Switches and hosts drop single frames and ignore bursts closer than a
 * second (metallb#172): the first three come fast, for the client that waits, the rest for the switch that missed them.
 */
const TAKEOVER_SCHEDULE_MS = [0, 100, 300, 1000, 2000, 3000] as const

/** Afterwards, for ever: longer than any switch's patience would be 300 s. */
const REFRESH_MS = 60_000

/** Share of `REFRESH_MS` by which a refresh comes earlier or later, so that nodes do not speak in chorus. */
const REFRESH_JITTER = 0.1

/** Refreshes of thousands of addresses come in groups, so that an idle node is not woken for each of them. */
const REFRESH_GRID_MS = 50

/**
 * The first instant after `now` at which frames are due, for an address held since `since` (ms, the same clock).
 * Rounds that were missed are not made up for. `random` is in [0, 1).
 */
export function nextDue(since: number, now: number, random: number): number {
  const elapsed = now - since
  const step = TAKEOVER_SCHEDULE_MS.find((offset) => offset > elapsed)
  if (step !== undefined) return since + step
  const refresh = now + REFRESH_MS * (1 + REFRESH_JITTER * (2 * random - 1))
  return Math.ceil(refresh / REFRESH_GRID_MS) * REFRESH_GRID_MS
}
