// When a pool will have no address left, if Services come as they did lately. Pure.

import type { ExhaustionForecast } from '../status/index.ts'

const HOUR_MS = 3_600_000
/** The last hour shows a rollout that is under way, the last day how it goes otherwise: the sooner end counts. */
const WINDOWS_HOURS = [1, 24] as const
/** Fewer Services are no rate. */
const LEAST = 3
/** Beyond that nobody needs to be told. */
const FARTHEST_HOURS = 10 * 365 * 24

export interface ForecastInput {
  readonly family: ExhaustionForecast['family']
  /** Of the Services that have an address of the pool and family, when each was created; RFC 3339. */
  readonly created: readonly string[]
  readonly available: bigint
  /** Milliseconds since 1970. */
  readonly now: number
}

/** `null`: it fills so slowly that nothing can be said, or it is full. */
export function forecastOf({ family, created, available, now }: ForecastInput): ExhaustionForecast | null {
  if (available === 0n) return null
  const times = created.map((text) => Date.parse(text))
  const forecasts = WINDOWS_HOURS.flatMap((observedHours) => {
    const count = times.filter((time) => time > now - observedHours * HOUR_MS && time <= now).length
    const servicesPerHour = count / observedHours
    const hours = Number(available) / servicesPerHour
    if (count < LEAST || hours > FARTHEST_HOURS) return []
    return [{ hours, servicesPerHour, observedHours }]
  })
  const [soonest] = forecasts.sort((a, b) => a.hours - b.hours)
  if (soonest === undefined) return null
  const { hours, servicesPerHour, observedHours } = soonest
  const at = new Date(now + hours * HOUR_MS).toISOString()
  return { family, at, servicesPerHour: Math.round(servicesPerHour * 100) / 100, observedHours }
}
