// The responder thread: answers ARP requests and neighbour solicitations for held addresses in native code, whatever
// JavaScript is doing. Which addresses are held, and for how long it may answer, is told to it.
import type { FitLink } from '../announcer/index.ts'
import { type Address, formatAddress } from '../ip/index.ts'
import type { Mac } from '../packet/index.ts'
import { addon, type Losses, type NativeResponder, type ReceivedFrame } from './addon.ts'
import { WireError, withTypedErrors } from './errors.ts'

/**
 * What a frame says of an address that we hold or watch:
 *
 * - `probe`: who sent it wants the address for itself and asks whether it is free. Of watched addresses only: for one
 *   that is held the answer says it (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3).
 * - `request`: who sent it uses the address, and asks for another.
 * - `reply`: who sent it says to one host that it has the address.
 * - `announcement`: it says so to all.
 */
const OBSERVATION_KINDS = ['probe', 'request', 'reply', 'announcement'] as const

/** Somebody else's frame, on an interface where we hold or watch the address. */
export interface Observation {
  readonly interfaceIndex: number
  readonly address: Address
  /** Where the address is said to be; of a probe, who probes. */
  readonly mac: Mac
  readonly kind: (typeof OBSERVATION_KINDS)[number]
}

/** An address on the interfaces with these indexes. */
export interface TableEntry {
  readonly address: Address
  readonly interfaceIndexes: readonly number[]
}

/** What the responder has to know: each address with the interfaces where it is held, or watched. */
export interface ResponderTable {
  /** Answered; who else claims them is observed. */
  readonly held: readonly TableEntry[]
  /** Not answered; who claims them or probes for them is observed. */
  readonly watched: readonly TableEntry[]
}

export interface ResponderInit {
  /** Called with what was observed since the last call: each at most once in 100 ms, at most 1,024 in that time. */
  onObservations: (observations: readonly Observation[]) => void
  /** Called with the frames to the hellos' group that came since the last call. */
  onHellos?: (frames: readonly ReceivedFrame[]) => void
  /** Called with the frames since the last call that may ask who listens to groups (RFC 3810). */
  onQueries?: (frames: readonly ReceivedFrame[]) => void
}

export interface ListenFailure {
  readonly interface: string
  readonly message: string
}

/** Since the start. */
export interface ResponderCounters {
  /** Frames by what became of them: `answered`, or why not. */
  readonly frames: Readonly<Record<string, number>>
  readonly losses: Losses
  /** By address as text, of the addresses held now. */
  readonly addresses: Readonly<Record<string, { readonly requests: number; readonly responses: number }>>
}

/** Answers nothing until `listenOn`, `install` and `resume` were called. End it with `stop`. */
export class Responder {
  readonly #native: NativeResponder
  /** Indexes of the interfaces that are listened on. */
  #open: ReadonlySet<number> = new Set()
  #held: readonly Address[] = []

  /** Calls all of them with what has come by now, rather than when the event loop gets to it. */
  readonly deliver: () => void

  /** Throws `AddonMissing`, `WireError`. */
  constructor({ onObservations, onHellos, onQueries }: ResponderInit) {
    this.deliver = () => {
      const hellos = native.takeHellos()
      if (hellos.length > 0) onHellos?.(hellos) // first: whose a MAC is
      const queries = native.takeQueries()
      if (queries.length > 0) onQueries?.(queries)
      const observations = native.takeObservations()
      if (observations.length > 0) onObservations(observationsOf(observations))
    }
    const native = withTypedErrors(() => new (addon().Responder)(this.deliver))
    this.#native = native
  }

  /**
   * Listens on exactly these interfaces from now on; each costs four sockets and 1 MiB, and some 20 ms the first
   * time. To be called after every change of a link: one that has another MAC answers with that, one that was made
   * anew is listened on anew. Returns those that it could not open, with the reason; another call tries them again.
   * Throws `MissingCapability`.
   *
   * A thread of its own joins groups and closes sockets, soon after: the kernel lets that wait while others change the
   * network (its rtnl lock), hundreds of ms where pods start and stop.
   */
  listenOn(links: readonly FitLink[]): readonly ListenFailure[] {
    const wanted = new Set(links.map(({ index }) => index))
    for (const index of this.#open) if (!wanted.has(index)) this.#native.close(index)
    const failures = links.flatMap(({ index, mac, name }) => {
      try {
        withTypedErrors(() => this.#native.open(index, mac))
        return []
      } catch (error) {
        wanted.delete(index)
        if (error instanceof WireError) return [{ interface: name, message: error.message }]
        throw error
      }
    })
    this.#open = wanted
    return failures
  }

  /**
   * Answers for exactly the held ones from now on: when it returns, no reply for anything else follows. The groups in
   * which IPv6 addresses are asked for are joined and left soon after; see `listenOn`.
   */
  install({ held, watched }: ResponderTable): void {
    this.#native.install(recordsOf(held, watched))
    this.#held = held.map(({ address }) => address)
  }

  /**
   * Moves the instant (ms of `bootTime`) after which it is silent. Returns false, and stays silent, when that instant
   * has already passed: then this process was frozen or late, somebody else may hold the addresses by now, and only
   * `resume` makes it answer again.
   */
  extend(validUntil: number): boolean {
    return this.#native.extend(validUntil)
  }

  /** Forgets the requests that wait, and answers those that come from now to `validUntil` (ms of `bootTime`). */
  resume(validUntil: number): void {
    this.#native.resume(validUntil)
  }

  /**
   * Sends a whole frame on an interface that is listened on. False when the interface cannot take it just now (down,
   * gone, queue full): lost, like any frame on a wire.
   */
  send(interfaceIndex: number, frame: Uint8Array): boolean {
    return withTypedErrors(() => this.#native.send(interfaceIndex, frame))
  }

  counters(): ResponderCounters {
    const counts = this.#native.addressCounters()
    const addresses = this.#held.map((address, index) => {
      return [
        formatAddress(address),
        { requests: counts[2 * index] ?? 0, responses: counts[2 * index + 1] ?? 0 },
      ]
    })
    return {
      frames: this.#native.frameCounters(),
      losses: this.#native.losses(),
      addresses: Object.fromEntries(addresses),
    }
  }

  /**
   * When it returns, the threads have ended and every socket is closed, for which it waits while others change the
   * network. A second call does nothing.
   */
  stop(): void {
    this.#native.stop()
  }
}

const RECORD_BYTES = 21
const HELD = 0
const WATCHED = 1
const MAPPED_PREFIX = 0xffffn << 32n

function recordsOf(held: readonly TableEntry[], watched: readonly TableEntry[]): Uint8Array {
  const count = [...held, ...watched].reduce((sum, { interfaceIndexes }) => sum + interfaceIndexes.length, 0)
  const view = new DataView(new ArrayBuffer(count * RECORD_BYTES))
  let at = 0
  for (const [entries, role] of [
    [held, HELD],
    [watched, WATCHED],
  ] as const) {
    for (const { address, interfaceIndexes } of entries) {
      for (const index of interfaceIndexes) {
        writeAddress(view, at, address)
        view.setUint32(at + 16, index, true)
        view.setUint8(at + 20, role)
        at += RECORD_BYTES
      }
    }
  }
  return new Uint8Array(view.buffer)
}

/** Into zeros. IPv4 without bigints: thousands are written whenever one changes. */
function writeAddress(view: DataView, at: number, { family, value }: Address): void {
  if (family === 'IPv4') {
    view.setUint16(at + 10, 0xffff)
    view.setUint32(at + 12, Number(value))
  } else {
    view.setBigUint64(at, value >> 64n)
    view.setBigUint64(at + 8, value & 0xffff_ffff_ffff_ffffn)
  }
}

function observationsOf(natives: ReturnType<NativeResponder['takeObservations']>): readonly Observation[] {
  return natives.map(({ interfaceIndex, address, mac, kind }) => ({
    interfaceIndex,
    address: addressOf(address),
    mac,
    kind: OBSERVATION_KINDS[kind] ?? 'request',
  }))
}

function addressOf(bytes: Uint8Array): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const value = (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
  return value >> 32n === MAPPED_PREFIX >> 32n
    ? { family: 'IPv4', value: value & 0xffff_ffffn }
    : { family: 'IPv6', value }
}

/** Throws `MissingCapability` unless this process may open packet sockets: for a clear end at the start. */
export function requireRawSockets(): void {
  withTypedErrors(() => addon().tryPacketSocket())
}
