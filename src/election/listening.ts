// When a speaker only listens, because what it believes of the others may be wrong: it claims nothing new then, and its
// claims give way to any other's.
import { LISTEN_MS, QUIET_MS, TROUBLED_MS, TROUBLE_HELLOS } from './timing.ts'

export class Listening {
  #until = -Infinity
  #quietUntil = -Infinity
  #firstUntil = -Infinity
  #troubledSince: number | null = null

  /** At the start, and when the cable is back. */
  begin(now: number): void {
    this.#extend(now + LISTEN_MS)
    this.#firstUntil = this.#until
  }

  /** The loop was late; `isBuried`: for so long that the others have taken this speaker for dead. */
  stalled(isBuried: boolean, now: number): void {
    this.#extend(now + LISTEN_MS)
    if (isBuried) this.#quietUntil = now + QUIET_MS
  }

  /**
   * A peer says that it hears a majority. While this speaker does not, that is a sign of trouble, though not at once:
   * after a partition one of them is always the first to be sure.
   */
  heardQuorum(hasQuorum: boolean, helloInterval: number, now: number): void {
    if (hasQuorum || this.isFirst(now)) {
      this.#troubledSince = null
      return
    }
    this.#troubledSince ??= now
    if (now - this.#troubledSince >= TROUBLE_HELLOS * helloInterval) this.#extend(now + TROUBLED_MS)
  }

  #extend(until: number): void {
    this.#until = Math.max(this.#until, until)
  }

  isOn(now: number): boolean {
    return now < this.#until
  }

  /** The listening in which nobody can have been heard for long enough. */
  isFirst(now: number): boolean {
    return now < this.#firstUntil
  }

  get until(): number {
    return this.#until
  }

  get quietUntil(): number {
    return this.#quietUntil
  }
}
