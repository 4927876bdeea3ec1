// The responder thread: answers ARP requests and neighbour solicitations for held addresses in native code, whatever
// JavaScript is doing. Which addresses are held, and for how long it may answer, is told to it.
import type { FitLink, TableEntry } from '../announcer/index.ts'
import { type Address, formatAddress } from '../ip/index.ts'
import type { Mac } from '../packet/index.ts'
import { addon, type NativeResponder } from './addon.ts'
import { WireError, withTypedErrors } from './errors.ts'

/** A frame that says something about a held address and is not ours: a conflict, or another speaker's takeover. */
export interface Observation {
  readonly interfaceIndex: number
  /** As it came, for a codec of packet/. */
  readonly frame: Uint8Array
}

export interface ResponderInit {
  /** Called with what was observed since the last call; beyond 256 waiting frames the newest are lost, and counted. */
  onObservations: (observations: readonly Observation[]) => void
}

export interface ListenFailure {
  readonly interface: string
  readonly message: string
}

/** Since the start. */
export interface ResponderCounters {
  /** Frames by what became of them: `answered`, or why not. */
  readonly frames: Readonly<Record<string, number>>
  /** By address as text, of the addresses installed now. */
  readonly addresses: Readonly<Record<string, { readonly requests: number; readonly responses: number }>>
}

/** Answers nothing until `listenOn`, `install` and `resume` were called. End it with `stop`. */
export class Responder {
  readonly #native: NativeResponder
  /** By interface index, the MAC that it had when it was opened. */
  readonly #open = new Map<number, Mac>()
  #addresses: readonly Address[] = []

  /** Throws `AddonMissing`, `WireError`. */
  constructor({ onObservations }: ResponderInit) {
    const native = withTypedErrors(
      () => new (addon().Responder)(() => onObservations(native.takeObservations())),
    )
    this.#native = native
  }

  /**
   * Listens on exactly these interfaces from now on. Returns those that it could not open, with the reason; another
   * call tries them again. Throws `MissingCapability`.
   */
  listenOn(links: readonly FitLink[]): readonly ListenFailure[] {
    const wanted = new Map(links.map(({ index, mac }) => [index, mac]))
    for (const [index, mac] of this.#open) if (wanted.get(index) !== mac) this.#close(index)
    return links.flatMap(({ index, mac, name }) => {
      if (this.#open.has(index)) return []
      try {
        withTypedErrors(() => this.#native.open(index, mac))
        this.#open.set(index, mac)
        return []
      } catch (error) {
        if (error instanceof WireError) return [{ interface: name, message: error.message }]
        throw error
      }
    })
  }

  #close(index: number): void {
    this.#native.close(index)
    this.#open.delete(index)
  }

  /** Answers for exactly these from now on: when it returns, no reply for anything else follows. */
  install(table: readonly TableEntry[]): void {
    this.#native.install(recordsOf(table))
    this.#addresses = table.map(({ address }) => address)
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
    const addresses = this.#addresses.map((address, index) => {
      return [
        formatAddress(address),
        { requests: counts[2 * index] ?? 0, responses: counts[2 * index + 1] ?? 0 },
      ]
    })
    return { frames: this.#native.counters(), addresses: Object.fromEntries(addresses) }
  }

  /** When it returns, the thread has ended and every socket is closed. A second call does nothing. */
  stop(): void {
    this.#native.stop()
  }
}

const RECORD_BYTES = 20
const MAPPED_PREFIX = 0xffffn << 32n

function recordsOf(table: readonly TableEntry[]): Uint8Array {
  const count = table.reduce((sum, { interfaceIndexes }) => sum + interfaceIndexes.length, 0)
  const view = new DataView(new ArrayBuffer(count * RECORD_BYTES))
  let at = 0
  for (const { address, interfaceIndexes } of table) {
    const value = address.family === 'IPv4' ? MAPPED_PREFIX | address.value : address.value
    for (const index of interfaceIndexes) {
      view.setBigUint64(at, value >> 64n)
      view.setBigUint64(at + 8, value & 0xffff_ffff_ffff_ffffn)
      view.setUint32(at + 16, index, true)
      at += RECORD_BYTES
    }
  }
  return new Uint8Array(view.buffer)
}

/** Throws `MissingCapability` unless this process may open packet sockets: for a clear end at the start. */
export function requireRawSockets(): void {
  withTypedErrors(() => addon().tryPacketSocket())
}
