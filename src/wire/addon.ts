// The native addon as TypeScript sees it. Only the modules of this folder use it; they add types and meaning.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { AddonMissing } from './errors.ts'

const ADDON = 'typemetal.node'

/** Beside the bundle (dist/main.js), or from src/wire/ into dist/. */
const PLACES = [`./${ADDON}`, `../../dist/${ADDON}`]

/** Errors thrown by all of it carry `errno`, positive, and say which system call failed. */
export interface Addon {
  /** CLOCK_BOOTTIME in ms: goes on while the machine sleeps, never goes back. */
  bootTime(): number
  /** Opens a packet socket and closes it. */
  tryPacketSocket(): void
  /** Link and address dumps of rtnetlink: datagrams full of messages. Waits while others hold the kernel's lock. */
  dumpLinks(): Uint8Array[]
  /** `onNews`: observations, hellos or queries can be taken. */
  Responder: new (onNews: () => void) => NativeResponder
  /** `onNews`: a change or a reading can be taken. */
  LinkMonitor: new (onNews: () => void) => NativeLinkMonitor
}

export interface NativeResponder {
  /** On one that is open and still there: gives it this MAC. */
  open(interfaceIndex: number, mac: number): void
  close(interfaceIndex: number): void
  /**
   * Records of 21 bytes: address (16 bytes, IPv4 as ::ffff:0:0/96), interface index (4 bytes, little-endian), role
   * (0 held, 1 watched).
   */
  install(records: Uint8Array): void
  extend(validUntil: number): boolean
  resume(validUntil: number): void
  send(interfaceIndex: number, frame: Uint8Array): boolean
  takeObservations(): { interfaceIndex: number; address: Uint8Array; mac: number; kind: number }[]
  takeHellos(): ReceivedFrame[]
  /** Queries for listeners (RFC 3810), unchecked. */
  takeQueries(): ReceivedFrame[]
  /** Frames by what became of them, since the start. */
  frameCounters(): Record<string, number>
  losses(): Losses
  /** Requests and replies of each held address in the order of its first record in `install`. */
  addressCounters(): Float64Array
  stop(): void
}

/** A frame that JavaScript reads. */
export interface ReceivedFrame {
  readonly interfaceIndex: number
  /** The whole frame. */
  readonly bytes: Uint8Array
}

/** What should stay zero, since the start; `groupsNotJoined` now. */
export interface Losses {
  /** Frames that the kernel had no room for. */
  readonly ringFull: number
  /** Observations not handed on: the same within 100 ms. */
  readonly observationsRepeated: number
  /** Observations not handed on: too many of them. */
  readonly observationsLost: number
  /** Frames to the hellos' group not handed on: too many of them. */
  readonly hellosLost: number
  /** Queries for listeners not handed on: too many of them. */
  readonly queriesLost: number
  /** Multicast groups not joined yet: others keep the kernel busy, or it would not; then it is asked each second. */
  readonly groupsNotJoined: number
}

export interface NativeLinkMonitor {
  /** Whether links changed since the last call, other than what a reading shows that was asked for since. */
  takeChange(): boolean
  /** Asks for what `dumpLinks` returns, and waits for nothing. */
  read(): void
  /** What was asked for, once it is there; throws what `dumpLinks` throws. */
  takeReading(): Uint8Array[] | undefined
  /** Ends a reading as well, after at most one answer of the kernel. */
  stop(): void
}

let loaded: Addon | undefined

/** Loads it on first use, so that programs that need no wire run without it; throws `AddonMissing`. */
export function addon(): Addon {
  loaded ??= load()
  return loaded
}

function load(): Addon {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  const path = paths.find((candidate) => existsSync(candidate))
  if (path === undefined)
    throw new AddonMissing(`${ADDON} is at none of ${paths.join(', ')}: npm run build makes it`)
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (error) {
    throw new AddonMissing(
      `${path} does not load into Node ${process.version}: npm run build makes it anew`,
      {
        cause: error,
      },
    )
  }
}

/** CLOCK_BOOTTIME in ms, the clock of `Responder.extend` and `Responder.resume`. */
export function bootTime(): number {
  return addon().bootTime()
}
