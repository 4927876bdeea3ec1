// Hellos on their way to the wire and back: signed, framed, checked and counted. What they mean is election/'s. Pure.

import type { FitLink } from '../announcer/index.ts'
import { KeyRing } from '../election/index.ts'
import { decodeHello, encodeHello, frameHello, type Hello, type Mac, unframeHello } from '../packet/index.ts'

/** How often dead peers are looked for, who need no key any more: ms. */
const FORGET_MS = 1000

/** A hello of which nobody has said yet whether it is an old one. */
interface Decoded {
  readonly hello: Hello
  readonly mac: Mac
  /** Of the keys that its sender accepts. */
  readonly keyIds: readonly number[]
}

interface Sender {
  heardAt: number
  deadInterval: number
}

/** All times: ms of one monotonic clock. */
export class Hellos {
  readonly #keys: KeyRing
  readonly #counts = new Map<string, number>()
  readonly #senders = new Map<string, Sender>()
  #forgetAt = 0
  #cluster = ''

  constructor(secret: Uint8Array) {
    this.#keys = new KeyRing(secret)
  }

  /** Hellos of other clusters are refused; see `Sealing`. */
  setCluster(cluster: string): void {
    this.#cluster = cluster
  }

  /** The secret is this one from now on; see `KeyRing`. */
  changeSecret(secret: Uint8Array, now: number): void {
    this.#keys.change(secret, now)
  }

  /** The whole frame. */
  encode(hello: Hello, { mac, networks }: FitLink, now: number): Uint8Array {
    const own = networks.find(({ address }) => address.family === 'IPv4')?.address ?? null
    return frameHello(mac, own, encodeHello(hello, { cluster: this.#cluster, keys: this.#keys.keys(now) }))
  }

  /** What a frame says; `null`: it is none of a hello, or refused. */
  decode(frame: Uint8Array, now: number): Decoded | null {
    this.#forget(now)
    const unframed = unframeHello(frame)
    if (unframed === null) return this.#refuse('malformed')
    const received = decodeHello(unframed.payload, { cluster: this.#cluster, keys: this.#keys.keys(now) })
    if (typeof received === 'string') return this.#refuse(received)
    return { ...received, mac: unframed.source }
  }

  /** A hello that was decoded is taken in, or, with a reason, not; only in the first case its sender lives. */
  settle({ hello, keyIds }: Decoded, refusal: 'own' | 'replayed' | null, now: number): void {
    this.#count(refusal ?? 'accepted')
    if (refusal !== null) return
    this.#keys.heard(hello.instance, keyIds)
    this.#note(hello, now)
  }

  /** By what became of them, since the start. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  #refuse(reason: string): null {
    this.#count(reason)
    return null
  }

  #count(fate: string): void {
    this.#counts.set(fate, (this.#counts.get(fate) ?? 0) + 1)
  }

  /** Late is who was silent for more than half the time after which he counts as dead. */
  #note({ instance, deadInterval }: Hello, now: number): void {
    const sender = this.#senders.get(instance)
    if (sender !== undefined && now - sender.heardAt > sender.deadInterval / 2) this.#count('late')
    this.#senders.set(instance, { heardAt: now, deadInterval })
  }

  #forget(now: number): void {
    if (now < this.#forgetAt) return
    this.#forgetAt = now + FORGET_MS
    for (const [instance, { heardAt, deadInterval }] of this.#senders) {
      if (now - heardAt < deadInterval) continue
      this.#senders.delete(instance)
      this.#keys.forget(instance)
    }
  }
}
