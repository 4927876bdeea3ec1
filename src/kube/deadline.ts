// A time limit for one call, joined with the signal of whoever wants to end it earlier.

/**
 * Not AbortSignal.any and AbortSignal.timeout: those leave their timer and their place in the other signal behind, and
 * a process makes hundreds of calls a second with one signal for all of its life.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #other: AbortSignal | undefined
  readonly #at: number

  constructor(ms: number, other?: AbortSignal) {
    this.#at = performance.now() + ms
    this.#timer = setTimeout(() => this.#controller.abort(new DOMException('', 'TimeoutError')), ms)
    this.#other = other
    if (other?.aborted) this.#controller.abort(other.reason)
    other?.addEventListener('abort', this.#onOther)
  }

  /** Aborted with a TimeoutError at the deadline, or with the other signal's reason. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get leftMs(): number {
    return this.#at - performance.now()
  }

  /** There is no limit any more; the other signal still counts. */
  lift(): void {
    clearTimeout(this.#timer)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#other?.removeEventListener('abort', this.#onOther)
  }

  readonly #onOther = (): void => this.#controller.abort(this.#other?.reason)
}

/** As `promise`, but rejects with the signal's reason as soon as that is aborted: for what takes no signal itself. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
