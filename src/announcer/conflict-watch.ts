// Who else uses addresses that are announced here, on one segment, strangers and the kernels of other speakers' nodes: the
// defence, and whether they are still there (RFC 5227 section 2.4, RFC 4862 section 5.4.3 for who only wants one). Never
// gives an address up.
import { type Address, type AddressKey, addressKey } from '../ip/index.ts'
import { gratuitousArp, type Mac, unsolicitedAdvertisement } from '../packet/index.ts'
import { PacedQueue, type Pending } from './paced-queue.ts'
import { Pacer } from './pacer.ts'
import { PROBE_FRAME } from './probe.ts'

/** Of all that is sent because somebody else uses an address. */
const CONFLICT_FRAMES_PER_S = 100

/** DEFEND_INTERVAL of RFC 5227: two who both defend at once would fill the wire for ever. */
const DEFEND_INTERVAL_MS = 10_000
/** For so long another speaker that is not heard may be the stranger: it has to be told at once to give way. */
const CONTEST_MS = 3000

/** So long after a takeover the former holder may still be heard: of frames on their way, or because it learns late. */
const HANDOVER_MS = 3000

/** And a peer that takes over is heard to claim it only after its first frames: one that claims nothing is left in peace. */
const CLAIM_MS = 1000

const CHECK_MS = 5000
/** Share by which a check comes earlier or later: two who ask at the same moment do not meet again. */
const CHECK_JITTER = 0.2
/** Three checks without a word: the stranger is gone. */
const SILENCE_MS = 20_000

/** Somebody uses an address that is announced here, and does not claim it as a speaker does. */
export interface Conflict {
  readonly address: Address
  readonly mac: Mac
}

interface Watched {
  readonly address: Address
  readonly since: number
  stranger: Stranger | null
}

interface Stranger {
  readonly address: Address
  mac: Mac
  user: 'stranger' | 'peer'
  readonly metAt: number
  seenAt: number
  defendedAt: number
  isOver: boolean
}

class Due implements Pending {
  readonly stranger: Stranger
  readonly frame: 'defence' | 'check'

  constructor(stranger: Stranger, frame: 'defence' | 'check') {
    this.stranger = stranger
    this.frame = frame
  }

  get isCurrent(): boolean {
    return !this.stranger.isOver
  }
}

export class ConflictWatch {
  readonly #random: () => number
  readonly #queue = new PacedQueue<Due>(new Pacer(CONFLICT_FRAMES_PER_S))
  readonly #watched = new Map<AddressKey, Watched>()
  readonly #met = new Set<Watched>()

  constructor(random: () => number) {
    this.#random = random
  }

  /** The address is announced here from now on. */
  begin(address: Address, now: number): void {
    this.#watched.set(addressKey(address), { address, since: now, stranger: null })
  }

  /** The address is not announced here any more. */
  end(address: Address): void {
    const key = addressKey(address)
    const watched = this.#watched.get(key)
    if (watched === undefined) return
    this.#watched.delete(key)
    this.#part(watched)
  }

  /** Somebody with this MAC uses an address: no speaker, or a peer that does not claim it. */
  observe(address: Address, mac: Mac, user: Stranger['user'], now: number): void {
    const watched = this.#watched.get(addressKey(address))
    if (watched === undefined) return
    if (watched.stranger === null) {
      const stranger = { address, mac, user, metAt: now, seenAt: now, defendedAt: -Infinity, isOver: false }
      watched.stranger = stranger
      this.#met.add(watched)
      this.#queue.add(this.#nextCheck(now), new Due(stranger, 'check'))
    }
    watched.stranger.mac = mac
    watched.stranger.user = user
    watched.stranger.seenAt = now
  }

  /** Tells the stranger whose the address is: each time at first, later once in `DEFEND_INTERVAL_MS`. */
  defend(address: Address, now: number): void {
    const stranger = this.#watched.get(addressKey(address))?.stranger ?? null
    if (stranger === null || !isCertain(stranger)) return
    const isSettled = now - stranger.metAt > CONTEST_MS
    if (isSettled && now < stranger.defendedAt + DEFEND_INTERVAL_MS) return
    stranger.defendedAt = now
    this.#queue.add(now, new Due(stranger, 'defence'))
  }

  get conflicts(): readonly Conflict[] {
    return [...this.#met].flatMap(({ address, since, stranger }) =>
      stranger === null || stranger.seenAt < since + HANDOVER_MS || !isCertain(stranger)
        ? []
        : [{ address, mac: stranger.mac }],
    )
  }

  get nextAt(): number | null {
    return this.#queue.nextAt
  }

  /** The frames that may go at `now`; they count as sent. */
  *takeDue(mac: Mac, now: number): Generator<{ address: Address; bytes: Uint8Array }> {
    for (let due = this.#queue.takeFirst(now); due !== undefined; due = this.#queue.takeFirst(now)) {
      const { address, seenAt } = due.stranger
      if (due.frame === 'defence') yield { address, bytes: defenceOf(mac, address) }
      else if (now >= seenAt + SILENCE_MS) this.#forget(address)
      else {
        this.#queue.add(this.#nextCheck(now), due)
        // In IPv6 the answer to a probe goes to all nodes, and would turn them to the stranger.
        if (address.family === 'IPv4') yield { address, bytes: PROBE_FRAME.IPv4(mac, address) }
      }
    }
  }

  #nextCheck(now: number): number {
    return now + CHECK_MS * (1 + CHECK_JITTER * (2 * this.#random() - 1))
  }

  #forget(address: Address): void {
    const watched = this.#watched.get(addressKey(address))
    if (watched !== undefined) this.#part(watched)
  }

  #part(watched: Watched): void {
    if (watched.stranger !== null) watched.stranger.isOver = true
    watched.stranger = null
    this.#met.delete(watched)
  }
}

function isCertain({ user, metAt, seenAt }: Stranger): boolean {
  return user === 'stranger' || seenAt - metAt > CLAIM_MS
}

function defenceOf(mac: Mac, address: Address): Uint8Array {
  return address.family === 'IPv4'
    ? gratuitousArp('request', mac, address)
    : unsolicitedAdvertisement(mac, address)
}
