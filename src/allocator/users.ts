// Who has one address, and who of them is in the way of a newcomer. Which addresses are held: ledger.ts.
import type { ServiceKey } from './refusal.ts'
import { type Sharing, sameSharing, sameTerms, sharingObstacle, termsOf } from './sharing.ts'

export interface User {
  readonly service: ServiceKey
  readonly sharing: Sharing
  /** It is to give the address up, and its object still shows it. */
  readonly leaving: boolean
}

/** One as a rule, and there are as many as Services: only where several share are there indices. */
export class Users implements Iterable<User> {
  #sole: User | null = null
  #crowd: Crowd | null = null

  get isEmpty(): boolean {
    return this.#sole === null && this.#crowd === null
  }

  /** Whether one of them would share it. */
  get haveKeys(): boolean {
    return this.#crowd !== null || (this.#sole !== null && this.#sole.sharing.key !== '')
  }

  /** Whether it is as it would be after `put`, and nobody else has the address. */
  hasSole({ service, sharing, leaving }: User): boolean {
    const sole = this.#sole
    return sole?.service === service && sole.leaving === leaving && sameSharing(sole.sharing, sharing)
  }

  /** In the place of what the Service was before, of which it returns `remove`. */
  put(user: User): void {
    if (this.#crowd !== null) this.#crowd.put(user)
    else if (this.#sole === null) this.#sole = user
    else {
      this.#crowd = new Crowd()
      this.#crowd.put(this.#sole)
      this.#crowd.put(user)
      this.#sole = null
    }
  }

  /** As which the Service had the address, or `null`. */
  remove(service: ServiceKey): User | null {
    if (this.#crowd === null) {
      const sole = this.#sole
      if (sole?.service !== service) return null
      this.#sole = null
      return sole
    }
    const removed = this.#crowd.remove(service)
    if (this.#crowd.byService.size === 1) {
      ;[this.#sole = null] = this.#crowd.byService.values()
      this.#crowd = null
    }
    return removed
  }

  hasTerms(sharing: Sharing): boolean {
    if (this.#crowd !== null) return this.#crowd.byTerms.has(termsOf(sharing))
    return this.#sole !== null && sameTerms(this.#sole.sharing, sharing)
  }

  /** The first of those who count that cannot share the address with `sharing`, or `null`. */
  firstRival(sharing: Sharing, counts: (user: User) => boolean): User | null {
    const sole = this.#sole
    if (sole !== null) return counts(sole) && sharingObstacle(sharing, sole.sharing) !== null ? sole : null
    for (const user of this.#crowd?.rivalsOf(sharing) ?? []) if (counts(user)) return user
    return null
  }

  /** The sharing keys that they have. */
  keys(): Set<string> {
    if (this.#crowd === null) return new Set(this.#sole === null ? [] : [this.#sole.sharing.key])
    const terms = [...this.#crowd.byTerms.values()]
    return new Set(terms.flatMap(([user]) => user?.sharing.key ?? []))
  }

  *[Symbol.iterator](): Iterator<User> {
    if (this.#sole !== null) yield this.#sole
    if (this.#crowd !== null) yield* this.#crowd.byService.values()
  }
}

/** Thousands may share one address under one key. */
class Crowd {
  readonly byService = new Map<ServiceKey, User>()
  readonly byTerms = new Map<string, Set<User>>()
  readonly #byPort = new Map<string, Set<User>>()

  put(user: User): void {
    this.byService.set(user.service, user)
    addTo(this.byTerms, termsOf(user.sharing), user)
    for (const port of user.sharing.ports) addTo(this.#byPort, port, user)
  }

  remove(service: ServiceKey): User | null {
    const user = this.byService.get(service)
    if (user === undefined) return null
    this.byService.delete(service)
    removeFrom(this.byTerms, termsOf(user.sharing), user)
    for (const port of user.sharing.ports) removeFrom(this.#byPort, port, user)
    return user
  }

  /** Those who cannot share with `sharing`; who cannot for two reasons may come twice. */
  *rivalsOf(sharing: Sharing): Generator<User> {
    const terms = sharing.key === '' ? null : termsOf(sharing)
    for (const [others, users] of this.byTerms) if (others !== terms) yield* users
    for (const port of sharing.ports) yield* this.#byPort.get(port) ?? []
  }
}

function addTo(index: Map<string, Set<User>>, name: string, user: User): void {
  const users = index.get(name)
  if (users === undefined) index.set(name, new Set([user]))
  else users.add(user)
}

function removeFrom(index: Map<string, Set<User>>, name: string, user: User): void {
  const users = index.get(name)
  users?.delete(user)
  if (users?.size === 0) index.delete(name)
}
