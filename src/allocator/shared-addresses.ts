// The addresses of one pool and family that Services share or would share, found by the terms on which they do.
import { type Position, isBefore } from './occupancy.ts'
import { type Sharing, type SharingObstacle, termsOf } from './sharing.ts'
import type { Users } from './users.ts'

/** Why a newcomer cannot have the address, or `null`. */
type Obstacle = (users: Users) => SharingObstacle | null

export class SharedAddresses {
  readonly #byTerms = new Map<string, Group>()

  /** Somebody shares the address on these terms. */
  add(position: Position, users: Users, sharing: Sharing): void {
    const terms = termsOf(sharing)
    const group = this.#byTerms.get(terms) ?? new Group()
    this.#byTerms.set(terms, group)
    group.add(position, users)
  }

  /** Somebody who shared the address on these terms, and is no more among its users, has left. */
  leave(position: Position, users: Users, sharing: Sharing): void {
    const terms = termsOf(sharing)
    const group = this.#byTerms.get(terms)
    if (users.hasTerms(sharing)) group?.open(position, sharing.ports)
    else group?.delete(position)
    if (group?.isEmpty) this.#byTerms.delete(terms)
  }

  /** The first, in the order of assignment, that a newcomer may have, but for those that only he himself closes. */
  first(sharing: Sharing, obstacle: Obstacle): Position | null {
    return this.#byTerms.get(termsOf(sharing))?.first(sharing.ports, obstacle) ?? null
  }
}

/** Of fewer addresses one is found by asking for each. */
const MANY = 64

interface Shared {
  readonly position: Position
  readonly users: Users
}

interface Closed {
  readonly ports: readonly string[]
  /** The last of those from the first on that have one of the ports. */
  through: Position
}

/** The addresses that are shared on the same terms. */
class Group {
  /** In the order of assignment. */
  readonly #shared: Shared[] = []
  /** By the ports of who asked: 20,000 Services with one port would each ask for all addresses of those before. */
  readonly #closed = new Map<string, Closed>()

  get isEmpty(): boolean {
    return this.#shared.length === 0
  }

  add(position: Position, users: Users): void {
    const index = this.#indexOf(position)
    if (this.#shared[index]?.users === users) return
    this.#shared.splice(index, 0, { position, users })
    for (const closed of this.#closed.values()) reopen(closed, position)
  }

  delete(position: Position): void {
    this.#shared.splice(this.#indexOf(position), 1)
  }

  /** These ports are free at the address. */
  open(position: Position, ports: readonly string[]): void {
    for (const closed of this.#closed.values()) {
      if (closed.ports.some((port) => ports.includes(port))) reopen(closed, position)
    }
  }

  first(ports: readonly string[], obstacle: Obstacle): Position | null {
    const id = ports.join()
    const closed = this.#closed.get(id)
    const start = closed === undefined ? 0 : this.#indexAfter(closed.through)
    let end = start
    let found: Position | null = null
    for (let index = start; index < this.#shared.length; index++) {
      const { position, users } = this.#shared[index] as Shared
      const kind = obstacle(users)?.kind
      if (kind === 'port' && end === index) end++
      if (kind !== undefined) continue
      found = position
      break
    }
    const last = this.#shared[end - 1]
    if (last !== undefined && end > start && this.#shared.length >= MANY) {
      this.#closed.set(id, { ports, through: last.position })
    }
    return found
  }

  /** Of the first at the position or after it. */
  #indexOf(position: Position): number {
    let low = 0
    let high = this.#shared.length
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#shared[middle]
      if (entry !== undefined && isBefore(entry.position, position)) low = middle + 1
      else high = middle
    }
    return low
  }

  #indexAfter({ range, value }: Position): number {
    return this.#indexOf({ range, value: value + 1n })
  }
}

function reopen(closed: Closed, { range, value }: Position): void {
  const before = { range, value: value - 1n }
  if (isBefore(before, closed.through)) closed.through = before
}
