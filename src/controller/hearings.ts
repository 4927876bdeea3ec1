// What the speakers themselves say of their segments, asked of each anew as long as somebody looks, and never otherwise.
// Nothing waits for it but who looks.

import { isDeepStrictEqual } from 'node:util'
import type { Startable } from '../kube/index.ts'
import type { ChangeLog, Hearing, SpeakerPlace, SpeakerWords } from '../status/index.ts'

/** From one question to the same speaker to the next; with many speakers so long for each of them, if that is longer. */
const PACE_MS = 2000
const PACE_PER_SPEAKER_MS = 50
const TICK_MS = 500
const AT_ONCE = 32
/** Older words say nothing about now. */
const STALE_MS = 15_000

export interface HearingsComponents {
  /** Asks one speaker; never rejects. */
  readonly ask: (place: SpeakerPlace) => Promise<Hearing>
  /** Where the speakers are. */
  readonly places: () => readonly SpeakerPlace[]
  /** Told what has changed; and who follows it is who looks. */
  readonly changes: ChangeLog
  /** Milliseconds; never goes back. */
  readonly clock: () => number
}

interface Asked {
  readonly begunAt: number
  readonly answer: Promise<void>
}

export class Hearings implements Startable {
  readonly #components: HearingsComponents
  readonly #known = new Map<string, { readonly words: SpeakerWords; readonly at: number }>()
  readonly #asked = new Map<string, Asked>()
  readonly #running = new Set<Promise<void>>()
  #ticking: NodeJS.Timeout | undefined

  constructor(components: HearingsComponents) {
    this.#components = components
  }

  start(): void {
    this.#ticking = setInterval(() => {
      if (this.#components.changes.isFollowed) this.#askDue()
    }, TICK_MS)
  }

  stop(): void {
    clearInterval(this.#ticking)
  }

  /** What the speaker of this node said last; `undefined`: nobody has asked it lately. */
  of(node: string): SpeakerWords | undefined {
    const known = this.#known.get(node)
    return known === undefined || this.#components.clock() - known.at > STALE_MS ? undefined : known.words
  }

  /** Resolves when each speaker has been asked lately, and has answered or not in time; or when the wait is over. */
  async refresh(waitMs: number): Promise<void> {
    const wait = { isOver: false }
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        wait.isOver = true
        resolve()
      }, waitMs)
    })
    while (!wait.isOver) {
      this.#askDue()
      if (this.#running.size === 0) break
      await Promise.race([...this.#running, over])
    }
    clearTimeout(timer)
  }

  #askDue(): void {
    const { clock, places } = this.#components
    const all = places()
    const nodes = new Set(all.map(({ node }) => node))
    for (const known of [this.#known, this.#asked]) {
      for (const node of known.keys()) if (!nodes.has(node)) known.delete(node)
    }
    const pace = Math.max(PACE_MS, all.length * PACE_PER_SPEAKER_MS)
    for (const place of all) {
      if (this.#running.size >= AT_ONCE) return
      const before = this.#asked.get(place.node)
      if (before !== undefined && (this.#running.has(before.answer) || clock() - before.begunAt < pace))
        continue
      const answer = this.#ask(place)
      this.#running.add(answer)
      this.#asked.set(place.node, { begunAt: clock(), answer })
      void answer.then(() => this.#running.delete(answer))
    }
  }

  /** Never rejects. */
  async #ask(place: SpeakerPlace): Promise<void> {
    const { ask, changes, clock } = this.#components
    const words = wordsOf(await ask(place))
    const before = this.of(place.node)
    this.#known.set(place.node, { words, at: clock() })
    if (!isDeepStrictEqual(words, before)) changes.mark('speaker', place.node)
  }
}

function wordsOf(hearing: Hearing): SpeakerWords {
  if ('problem' in hearing) return { silence: hearing.problem }
  const { facts, segments, peers } = hearing
  return {
    ...(facts !== null && { version: facts.version }),
    segments: segments.map(({ interface: name, isUp, isListening, hasQuorum, disputed }) => {
      const heard = peers.filter((peer) => peer.interface === name).map(({ node }) => node)
      return {
        interface: name,
        isUp,
        isListening,
        hasQuorum,
        peers: [...new Set(heard)].sort(),
        disputed: disputed.map(({ ip }) => ip),
      }
    }),
  }
}
