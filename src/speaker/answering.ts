// Until when the responder may answer: as long as the others wait for the next word of this node. Who said nothing for
// longer hears first what they hold by now. Pure.

import type { Responder } from '../wire/index.ts'
import type { Segments } from './segments.ts'

/** All times: ms of `bootTime`. */
export class Answering {
  readonly #responder: Pick<Responder, 'extend' | 'resume'>
  readonly #segments: Pick<Segments, 'deadInterval' | 'isAnyUp' | 'quietUntil' | 'lapse'>
  readonly #onLapse: (silentMs: number) => void
  #saidAt = -Infinity
  #validUntil = -Infinity
  /** Whether the responder answers, as far as is known. */
  #isAllowed = false

  /** `onLapse`: it was silent for so long, and answers no more until the others have been heard. */
  constructor(
    responder: Pick<Responder, 'extend' | 'resume'>,
    segments: Pick<Segments, 'deadInterval' | 'isAnyUp' | 'quietUntil' | 'lapse'>,
    onLapse: (silentMs: number) => void,
  ) {
    this.#responder = responder
    this.#segments = segments
    this.#onLapse = onLapse
  }

  /** Before anything else is done at `now`. Where nobody can be told anything, silence is no lapse. */
  check(now: number): void {
    if (!this.#segments.isAnyUp) this.#isAllowed = false
    if (this.#isAllowed && now >= this.#validUntil) this.#lapse(now)
  }

  /** A hello has gone out. */
  said(now: number): void {
    const validUntil = now + this.#segments.deadInterval
    if (this.#isAllowed) {
      if (!this.#responder.extend(validUntil)) return this.#lapse(now)
    } else {
      if (now < this.#segments.quietUntil) return
      this.#responder.resume(validUntil)
      this.#isAllowed = true
    }
    this.#saidAt = now
    this.#validUntil = validUntil
  }

  #lapse(now: number): void {
    this.#isAllowed = false
    this.#segments.lapse(now)
    this.#onLapse(now - this.#saidAt)
  }
}
