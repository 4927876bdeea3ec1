// The node's interfaces and their addresses, read again whenever the kernel says that something changed. No polling.
// When to read is decided here; reading is done by the native thread, since the kernel may let it wait for others.
import type { Link } from '../announcer/index.ts'
import { addon, type NativeLinkMonitor } from './addon.ts'
import { WireError, withTypedErrors } from './errors.ts'
import { linksOf } from './netlink.ts'

/** Changes come in swarms (a pod's start is a dozen): one reading serves them all. */
const GATHER_MS = 10

/** From one reading to the next at least: on a node that starts pods all the time a reading takes milliseconds. */
const READ_INTERVAL_MS = 50

const RETRY_MS = 1000

/** So long may interfaces change faster than they can be read before somebody is told. */
const PATIENCE_MS = 5000

export interface LinkWatcherInit {
  /**
   * Gets all links: once from `start`, then within 60 ms of each change of any of them, or as soon as the kernel, busy
   * with changes of others, lets them be read; also when they look as before, for an interface that was made anew may
   * look the same.
   */
  onLinks: (links: readonly Link[]) => void
  /** A reading failed, or was interrupted by changes for 5 s; it is tried again after a second. */
  onError: (error: Error) => void
}

/**
 * All links of this network namespace. Waits while others change the network (the kernel's rtnl lock): where pods start
 * and stop that can be hundreds of ms. Throws `WireError`.
 */
export function readLinks(): readonly Link[] {
  return withTypedErrors(() => linksOf(addon().dumpLinks()))
}

export class LinkWatcher {
  readonly #init: LinkWatcherInit
  #monitor: NativeLinkMonitor | undefined
  #gathering: NodeJS.Timeout | undefined
  #readAt = -Infinity
  #interruptedSince: number | undefined

  constructor(init: LinkWatcherInit) {
    this.#init = init
  }

  /** Reads the first time itself. Throws `WireError` when the kernel lets us not listen, or not read. */
  start(): void {
    this.#monitor = withTypedErrors(() => new (addon().LinkMonitor)(() => this.#onNews()))
    this.#init.onLinks(readLinks())
  }

  #onNews(): void {
    this.#takeReading()
    if (this.#monitor?.takeChange() === true) this.#gather(GATHER_MS)
  }

  #gather(delay: number): void {
    if (this.#gathering !== undefined) return
    const untilNext = this.#readAt + READ_INTERVAL_MS - performance.now()
    this.#gathering = setTimeout(() => this.#read(), Math.max(delay, untilNext))
  }

  #read(): void {
    this.#gathering = undefined
    this.#readAt = performance.now()
    this.#monitor?.read()
  }

  #takeReading(): void {
    try {
      const datagrams = withTypedErrors(() => this.#monitor?.takeReading())
      if (datagrams === undefined) return
      const links = linksOf(datagrams)
      this.#interruptedSince = undefined
      this.#init.onLinks(links)
    } catch (error) {
      if (wasInterrupted(error)) {
        this.#interruptedSince ??= this.#readAt
        if (this.#readAt - this.#interruptedSince < PATIENCE_MS) return this.#gather(READ_INTERVAL_MS)
      }
      this.#init.onError(error as Error)
      this.#gather(RETRY_MS)
    }
  }

  /** The native thread may be in a reading: waits until the kernel answers it, at most. */
  stop(): void {
    this.#monitor?.stop()
    this.#monitor = undefined
    clearTimeout(this.#gathering)
  }
}

/** Changes came all the while: nothing is wrong, and it is all to be read again. */
function wasInterrupted(error: unknown): boolean {
  return error instanceof WireError && error.code === 'EAGAIN'
}
