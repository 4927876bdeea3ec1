// When to leave a Service's status to another writer, and when to try again. Pure: the times are arguments, in ms of a
// clock that never goes back.

import { createHash } from 'node:crypto'
import { ANNOTATION, type Service } from '../api/index.ts'

/** Another's writing counts against us when it comes so soon after ours. */
const ROUND_MS = 60_000
/** So often our addresses are written over before we leave the status to the other. */
const ROUNDS = 3
/** Somebody who only takes our annotation away hurts nobody, but must not keep us writing for ever. */
const ANNOTATION_ROUNDS = 10
/** So long after we gave in we try again whether the other has stopped: at once given up when he has not. */
const TRUCE_MS = 10 * 60_000
/** How often the condition that says so is written at most: the other may write over that too. */
const EXPLAIN_MS = 5 * 60_000

/** What of a Service we write, and others might. */
interface Writing {
  readonly ingress: string
  readonly pool: string
}

interface Contest {
  /** As we wrote it. */
  readonly written: Writing
  readonly at: number
  /** How often it was written over. */
  rounds: number
  /** How often only the annotation was. */
  annotationRounds: number
  concededAt: number | null
  explainedAt: number | null
  /** What the user wrote: a change of that is a reason for ours and for the API server's, and no fight. */
  readonly input: string
}

/**
 * - write: there is no contest, or it is not lost yet.
 * - spare: the addresses are as we wrote them; leave the annotation alone.
 * - explain: leave the status alone, and say so.
 * - wait: leave it alone; that has been said, or was said too short a time ago.
 */
export type Verdict = 'write' | 'spare' | 'explain' | 'wait'

/** By Service key. */
export class Contention {
  readonly #contests = new Map<string, Contest>()

  /** We wrote; `answer` is the object as the server has it now. */
  wrote(key: string, answer: Service, now: number): void {
    const before = this.#contests.get(key)
    const input = inputOf(answer)
    const isOpen = before !== undefined && (now - before.at < ROUND_MS || before.concededAt !== null)
    const goesOn = isOpen && before.input === input
    this.#contests.delete(key) // so that the oldest stays the first
    this.#contests.set(key, {
      written: writingOf(answer),
      at: now,
      rounds: goesOn ? before.rounds : 0,
      annotationRounds: goesOn ? before.annotationRounds : 0,
      concededAt: null,
      explainedAt: goesOn ? before.explainedAt : null,
      input,
    })
  }

  /** We want to write the addresses of `service`, which is no older than our last write. */
  judge(key: string, service: Service, now: number): Verdict {
    const contest = this.#contests.get(key)
    if (contest === undefined) return 'write'
    if (contest.input !== inputOf(service)) {
      this.#contests.delete(key)
      return 'write'
    }
    if (contest.concededAt !== null) return this.#truce(contest, contest.concededAt, now)
    const shown = writingOf(service)
    const onlyAnnotation = shown.ingress === contest.written.ingress
    if (onlyAnnotation && shown.pool === contest.written.pool) return 'write' // we have changed our mind
    if (now - contest.at >= ROUND_MS) return 'write'
    if (onlyAnnotation) return ++contest.annotationRounds < ANNOTATION_ROUNDS ? 'write' : 'spare'
    contest.rounds++
    if (contest.rounds < ROUNDS) return 'write'
    contest.concededAt = now
    return this.#explainAtMost(contest, now)
  }

  /** The condition that says that we gave in has been written. */
  explained(key: string, now: number): void {
    const contest = this.#contests.get(key)
    if (contest !== undefined) contest.explainedAt = now
  }

  /** The Service says what it should, or is gone. */
  settled(key: string): void {
    if (this.#contests.get(key)?.concededAt !== null) this.#contests.delete(key)
  }

  /** Milliseconds until `judge` may say something else of a Service that was left alone. */
  retryMs(key: string, now: number): number {
    const { concededAt } = this.#contests.get(key) ?? {}
    return concededAt === undefined || concededAt === null ? 0 : Math.max(0, concededAt + TRUCE_MS - now)
  }

  /** To be called now and then. */
  forgetOld(now: number): void {
    for (const [key, { at, concededAt }] of this.#contests) {
      if (concededAt !== null) continue
      if (now - at < ROUND_MS) return
      this.#contests.delete(key)
    }
  }

  #truce(contest: Contest, since: number, now: number): Verdict {
    if (now - since < TRUCE_MS) return this.#explainAtMost(contest, now)
    contest.rounds = ROUNDS - 1
    return 'write'
  }

  #explainAtMost({ explainedAt }: Contest, now: number): Verdict {
    return explainedAt === null || now - explainedAt >= EXPLAIN_MS ? 'explain' : 'wait'
  }
}

function writingOf({ metadata, status }: Service): Writing {
  const ingress = status?.loadBalancer?.ingress ?? []
  return {
    ingress: ingress.map(({ ip, hostname, ipMode }) => [ip, hostname, ipMode].join()).join(' '),
    pool: metadata?.annotations?.[ANNOTATION.allocatedFromPool] ?? '',
  }
}

/** What the user writes, in few bytes; a Service that was made anew is another. */
function inputOf({ metadata, spec }: Service): string {
  const { [ANNOTATION.allocatedFromPool]: _, ...annotations } = metadata?.annotations ?? {}
  const text = JSON.stringify([metadata?.uid, spec, annotations, metadata?.labels])
  return createHash('sha256').update(text).digest('base64')
}
