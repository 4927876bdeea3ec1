// Which claims go into the next hello: the changed ones several times, all of them for who asks, and each one a second.
import type { Address } from '../ip/index.ts'
import type { ClaimState, HelloClaim } from '../packet/index.ts'
import { CHANGED_MS, GIVEN_UP_MS, SLICE_MS } from './timing.ts'

interface Listed extends HelloClaim {
  readonly changedAt: number
  listedAt: number
}

export class Listing {
  /** By contest, the one that was listed longest ago first. */
  readonly #claims = new Map<object, Listed>()
  readonly #changed = new Set<object>()
  #allUntil = -Infinity

  /** `owner`: whose claim it is, of this speaker's contests. A claim given up is forgotten after a while. */
  set(owner: object, address: Address, state: ClaimState, epoch: number, now: number): void {
    this.#claims.delete(owner)
    this.#claims.set(owner, { address, state, epoch, changedAt: now, listedAt: -Infinity })
    this.#changed.add(owner)
  }

  /** Lists everything in each hello until then. */
  introduce(until: number): void {
    this.#allUntil = until
  }

  /** The claims for a hello that is sent `now`; they count as listed. */
  take(helloInterval: number, now: number): HelloClaim[] {
    const chosen = new Map<object, Listed>()
    // Hellos between the regular ones are for what nobody has heard yet.
    const listedBefore = now - helloInterval / 2
    for (const owner of this.#changed) {
      const claim = this.#claims.get(owner)
      if (claim === undefined || now - claim.changedAt > CHANGED_MS) this.#changed.delete(owner)
      else if (claim.listedAt <= listedBefore) chosen.set(owner, claim)
    }
    if (now < this.#allUntil) {
      for (const [owner, claim] of this.#claims) if (claim.listedAt <= listedBefore) chosen.set(owner, claim)
    } else this.#addSlice(chosen, helloInterval, now)
    return this.#list(chosen, now)
  }

  #addSlice(chosen: Map<object, Listed>, helloInterval: number, now: number): void {
    let room = Math.ceil((this.#claims.size * helloInterval) / SLICE_MS)
    const dueBy = now + helloInterval - SLICE_MS
    for (const [owner, claim] of this.#claims) {
      if (room-- === 0 || claim.listedAt > dueBy) return
      chosen.set(owner, claim)
    }
  }

  #list(chosen: ReadonlyMap<object, Listed>, now: number): HelloClaim[] {
    const claims: HelloClaim[] = []
    for (const [owner, claim] of chosen) {
      this.#claims.delete(owner)
      if (claim.state === 'none' && now - claim.changedAt > GIVEN_UP_MS) continue
      claim.listedAt = now
      this.#claims.set(owner, claim)
      claims.push(claim)
    }
    return claims
  }
}
