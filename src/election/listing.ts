// Which claims go into the next hello: the changed ones several times, all of them for who asks, and each one a second.
import type { Address } from '../ip/index.ts'
import type { ClaimState, HelloClaim } from '../packet/index.ts'
import { CHANGED_MS, GIVEN_UP_MS, SLICE_MS } from './timing.ts'

interface Listed extends HelloClaim {
  readonly owner: object
  readonly changedAt: number
  listedAt: number
  /** In the ring. */
  place: number
}

export class Listing {
  readonly #claims = new Map<object, Listed>()
  /** The same; slices go round in it, each round in the same steps as long as nothing changes. */
  readonly #ring: Listed[] = []
  #next = 0
  /** When the round began. */
  #roundAt = -Infinity
  readonly #changed = new Set<object>()
  #allUntil = -Infinity

  /** `owner`: whose claim it is, of this speaker's contests. A claim given up is forgotten after a while. */
  set(owner: object, address: Address, state: ClaimState, epoch: number, now: number): void {
    const place = this.#claims.get(owner)?.place ?? this.#ring.length
    const claim = { owner, address, state, epoch, changedAt: now, listedAt: -Infinity, place }
    this.#claims.set(owner, claim)
    this.#ring[place] = claim
    this.#changed.add(owner)
  }

  /** Lists everything in each hello until then. */
  introduce(until: number): void {
    this.#allUntil = until
  }

  /** The claims for a hello that is sent `now`; they count as listed. */
  take(helloInterval: number, now: number): HelloClaim[] {
    const chosen: Listed[] = []
    // Hellos between the regular ones are for what nobody has heard yet.
    const listedBefore = now - helloInterval / 2
    for (const owner of this.#changed) {
      const claim = this.#claims.get(owner)
      if (claim === undefined || now - claim.changedAt > CHANGED_MS) this.#changed.delete(owner)
      else if (claim.listedAt <= listedBefore) list(claim, chosen, now)
    }
    if (now < this.#allUntil) {
      for (const claim of this.#ring) if (claim.listedAt <= listedBefore) list(claim, chosen, now)
    } else
      for (const claim of this.#slice(helloInterval, now))
        if (claim.listedAt <= listedBefore) list(claim, chosen, now)
    return chosen.filter((claim) => !this.#isOver(claim, now))
  }

  /** The next ones in the ring; of few claims a round is over early, and the next one waits for its second. */
  #slice(helloInterval: number, now: number): readonly Listed[] {
    if (this.#next >= this.#ring.length) {
      if (now < this.#roundAt + SLICE_MS - helloInterval) return []
      this.#next = 0
    }
    if (this.#next === 0) this.#roundAt = now
    const from = this.#next
    this.#next += Math.ceil((this.#ring.length * helloInterval) / SLICE_MS)
    return this.#ring.slice(from, this.#next)
  }

  /** A claim given up was listed for long enough; then it is forgotten. */
  #isOver(claim: Listed, now: number): boolean {
    if (claim.state !== 'none' || now - claim.changedAt <= GIVEN_UP_MS) return false
    this.#claims.delete(claim.owner)
    const last = this.#ring.pop()
    if (last !== undefined && last !== claim) {
      last.place = claim.place
      this.#ring[claim.place] = last
    }
    return true
  }
}

function list(claim: Listed, chosen: Listed[], now: number): void {
  claim.listedAt = now
  chosen.push(claim)
}
