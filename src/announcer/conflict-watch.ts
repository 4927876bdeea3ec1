// Strangers who use addresses that are announced here, on one segment: the defence, and whether they are still there
// (RFC 5227 section 2.4, RFC 4862 section 5.4.3 for who only wants one). Never gives an address up.
import { type Address, formatAddress } from '../ip/index.ts'
import { gratuitousArp, type Mac, unsolicitedAdvertisement } from '../packet/index.ts'
import { PacedQueue, type Pending } from './paced-queue.ts'
import type { Pacer } from './pacer.ts'
import { PROBE_FRAME, retryAfter, type Taken } from './prober.ts'

/** DEFEND_INTERVAL of RFC 5227: two who both defend at once would fill the wire for ever. */
const DEFEND_INTERVAL_MS = 10_000

/** Three checks without a word: the stranger is gone. */
const SILENCE_MS = 20_000

interface Conflict {
  readonly address: Address
  stranger: Mac
  seenAt: number
  defendedAt: number
  isOver: boolean
}

class Due implements Pending {
  readonly conflict: Conflict
  readonly frame: 'defence' | 'check'

  constructor(conflict: Conflict, frame: 'defence' | 'check') {
    this.conflict = conflict
    this.frame = frame
  }

  get isCurrent(): boolean {
    return !this.conflict.isOver
  }
}

export class ConflictWatch {
  readonly #random: () => number
  readonly #queue: PacedQueue<Due>
  readonly #conflicts = new Map<string, Conflict>()

  /** `pacer`: of all that is sent here. */
  constructor(random: () => number, pacer: Pacer) {
    this.#random = random
    this.#queue = new PacedQueue(pacer)
  }

  /** Somebody with this MAC uses an address that is announced here. */
  observe(address: Address, mac: Mac, now: number): void {
    const text = formatAddress(address)
    const before = this.#conflicts.get(text)
    const conflict = before ?? { address, stranger: mac, seenAt: now, defendedAt: -Infinity, isOver: false }
    conflict.stranger = mac
    conflict.seenAt = now
    if (before === undefined) {
      this.#conflicts.set(text, conflict)
      this.#queue.add(now + retryAfter(this.#random()), new Due(conflict, 'check'))
    }
    if (now < conflict.defendedAt + DEFEND_INTERVAL_MS) return
    conflict.defendedAt = now
    this.#queue.add(now, new Due(conflict, 'defence'))
  }

  /** The address is not announced here any more. */
  end(address: Address): void {
    const text = formatAddress(address)
    const conflict = this.#conflicts.get(text)
    if (conflict === undefined) return
    conflict.isOver = true
    this.#conflicts.delete(text)
  }

  /** The strangers who were seen lately, each with the instant of the last time. */
  get conflicts(): readonly (Taken & { readonly seenAt: number })[] {
    return [...this.#conflicts.values()].map(({ address, stranger, seenAt }) => {
      return { address, by: stranger, seenAt }
    })
  }

  get nextAt(): number | null {
    return this.#queue.nextAt
  }

  /** The frames that may go at `now`; they count as sent. */
  *takeDue(mac: Mac, now: number): Generator<{ address: Address; bytes: Uint8Array }> {
    for (let due = this.#queue.takeFirst(now); due !== undefined; due = this.#queue.takeFirst(now)) {
      const { conflict, frame } = due
      const { address } = conflict
      if (frame === 'defence') yield { address, bytes: defenceOf(mac, address) }
      else if (now >= conflict.seenAt + SILENCE_MS) this.end(address)
      else {
        this.#queue.add(now + retryAfter(this.#random()), due)
        // In IPv6 the answer to a probe goes to all nodes, and would turn them to the stranger.
        if (address.family === 'IPv4') yield { address, bytes: PROBE_FRAME.IPv4(mac, address) }
      }
    }
  }
}

function defenceOf(mac: Mac, address: Address): Uint8Array {
  return address.family === 'IPv4'
    ? gratuitousArp('request', mac, address)
    : unsolicitedAdvertisement(mac, address)
}
