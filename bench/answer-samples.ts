// What the load generator tells of who answers neighbours: at a pace, and in a flood.
import type { Load } from './load.ts'

export const ANSWER_QUANTITIES = {
  p50: { what: 'answered after, half of a trial', unit: 'µs', goal: 'twice the kernel' },
  p99: { what: 'answered after, 99 % of a trial', unit: 'µs' },
  late: { what: 'answered after more than 10 ms', unit: '' },
  missing: { what: 'not answered', unit: '', goal: '0' },
  flood: { what: 'answers when flooded', unit: '/s', goal: 'half the kernel' },
}

export type AnswerQuantity = keyof typeof ANSWER_QUANTITIES

export interface Questions {
  /** Where is asked from. */
  readonly namespace: string
  /** The first of `count` addresses that are asked for in turn. */
  readonly first: string
  readonly count: number
  /** A second. */
  readonly rate: number
  /** At a pace, and then half as long in a flood. */
  readonly seconds: number
}

/** One sample of each quantity. */
export async function answerSamples(
  load: Load,
  { namespace, first, count, rate, seconds }: Questions,
): Promise<Record<AnswerQuantity, number>> {
  const paced = await load(namespace, first, count, 'paced', rate, seconds)
  const [sent = 0, answered = 0, p50 = Number.NaN, p99 = Number.NaN, , late = 0] = paced
  const [, replies = 0, took = 1] = await load(namespace, first, count, 'flood', Math.ceil(seconds / 2))
  return { p50, p99, late, missing: sent - answered, flood: replies / took }
}
