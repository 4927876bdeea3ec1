// The other speakers heard on a segment: who lives, who is deaf, who hears a majority, whose frames are old ones.
import type { ClaimState, Hello, Mac } from '../packet/index.ts'
import type { Contest } from './contest.ts'
import { DEAF_MS, MAX_REMEMBERED_INSTANCES, MEMORY_MS, STEADY_MS } from './timing.ts'

/** What a peer last said of one address; `none` is not kept. */
export interface PeerClaim {
  state: ClaimState
  epoch: number
  refreshedAt: number
}

/** A node, of which two instances may live for a while after a restart. */
interface NodeName {
  readonly node: string
  /** The count of the quorum that it was counted in last. */
  countedIn: number
}

/** One living instance. */
export interface Peer {
  readonly instance: string
  readonly node: string
  readonly name: NodeName
  mac: Mac
  heardAt: number
  sequence: number
  deadInterval: number
  /** Since when it was never silent for more than half its dead interval. */
  steadySince: number
  listening: boolean
  leaving: boolean
  stale: boolean
  quorum: boolean
  asking: boolean
  /** Since when it has said in every hello that it has no quorum, while this speaker had one. */
  noQuorumSince: number | null
  /** It hears nobody or next to nobody, and counts as dead. */
  deaf: boolean
  readonly claims: Map<Contest, PeerClaim>
}

/** What a hello was to the peers. `changed`: who lives, or in which condition, is not as before. */
export type Heard =
  | { readonly refused: 'own' | 'replayed' }
  | {
      readonly peer: Peer
      readonly isNew: boolean
      /** It began to ask. */
      readonly asks: boolean
      readonly changed: boolean
    }
  | { readonly gone: Peer | null }

export class Peers {
  readonly #own: NodeName
  readonly #instance: string
  readonly #living = new Map<string, Peer>()
  /** By name: how many living instances are candidates, deaf and leaving ones not counted. */
  #candidates = new Map<string, { listening: boolean }>()
  /** When each name was heard last, this node's left out. */
  readonly #known = new Map<string, number>()
  /** Names of candidates that were never heard. */
  readonly #supposed = new Set<string>()
  #supposedUntil = -Infinity
  /** Last sequence of instances that are dead, oldest death first: a recording of their hellos may be played years later. */
  readonly #sequences = new Map<string, number>()
  #hasQuorum = false
  #lostQuorumAt = -Infinity
  #unheardSince = Infinity
  #counts = 0
  /** Of all peers, and when the next is to be taken for dead or deaf; as of the last `refresh`, and what was heard since. */
  #leastDeadInterval = Infinity
  #nextVerdictAt = Infinity

  constructor(node: string, instance: string) {
    this.#own = { node, countedIn: 0 }
    this.#instance = instance
  }

  get living(): ReadonlyMap<string, Peer> {
    return this.#living
  }

  /** This speaker and those heard steadily are more than half of itself and the known. As of the last `refresh`. */
  get hasQuorum(): boolean {
    return this.#hasQuorum
  }

  /** When it noticed that it had no quorum any more. */
  get lostQuorumAt(): number {
    return this.#lostQuorumAt
  }

  /** What this speaker said between then and `lostQuorumAt` may have been heard by nobody. */
  get unheardSince(): number {
    return this.#unheardSince
  }

  /** It knows of other speakers, and hears none. */
  get isAlone(): boolean {
    return this.#living.size === 0 && this.#known.size > 0
  }

  hear(hello: Hello, mac: Mac, now: number): Heard {
    if (hello.instance === this.#instance) return { refused: 'own' }
    const before = this.#living.get(hello.instance)
    const last = before?.sequence ?? this.#sequences.get(hello.instance) ?? -1
    if (hello.sequence <= last) return { refused: 'replayed' }
    if (hello.gone) {
      if (before === undefined) this.#remember(hello.instance, hello.sequence)
      else this.#bury(before, hello.sequence)
      this.#supposed.delete(hello.node)
      if (!this.#hasName(hello.node)) this.#known.delete(hello.node)
      return { gone: before ?? null }
    }
    const asks = hello.asking && before?.asking !== true
    const peer = before ?? this.#appear(hello, now)
    const changed = this.#update(peer, hello, mac, now) || before === undefined
    if (changed) this.#countCandidates()
    return { peer, isNew: before === undefined, asks, changed }
  }

  #appear({ instance, node, sequence, deadInterval }: Hello, now: number): Peer {
    this.#sequences.delete(instance)
    const peer: Peer = {
      instance,
      node,
      name: this.#nameOf(node),
      mac: 0,
      heardAt: now,
      sequence,
      deadInterval,
      steadySince: now,
      listening: false,
      leaving: false,
      stale: false,
      quorum: false,
      asking: false,
      noQuorumSince: null,
      deaf: false,
      claims: new Map(),
    }
    this.#living.set(instance, peer)
    return peer
  }

  #nameOf(node: string): NodeName {
    if (node === this.#own.node) return this.#own
    for (const { name } of this.#living.values()) if (name.node === node) return name
    return { node, countedIn: 0 }
  }

  #update(peer: Peer, hello: Hello, mac: Mac, now: number): boolean {
    const changed =
      peer.listening !== hello.listening ||
      peer.leaving !== hello.leaving ||
      peer.stale !== hello.stale ||
      peer.quorum !== hello.quorum
    if (now - peer.heardAt > peer.deadInterval / 2) peer.steadySince = now
    peer.mac = mac
    peer.heardAt = now
    peer.sequence = hello.sequence
    peer.deadInterval = hello.deadInterval
    this.#leastDeadInterval = Math.min(this.#leastDeadInterval, hello.deadInterval)
    peer.asking = hello.asking
    if (changed) {
      peer.listening = hello.listening
      peer.leaving = hello.leaving
      peer.stale = hello.stale
      peer.quorum = hello.quorum
    }
    if (hello.quorum) {
      peer.noQuorumSince = null
      peer.deaf = false
    } else if (peer.noQuorumSince === null && this.#hasQuorum) peer.noQuorumSince = now
    this.#supposed.delete(peer.node)
    if (peer.name !== this.#own) this.#known.set(peer.node, now)
    return changed
  }

  /**
   * Ends who was silent too long, and judges anew who is deaf and whether there is a quorum. `deadInterval`: this
   * speaker's own.
   */
  refresh(now: number, deadInterval: number): { dead: Peer[]; changed: boolean } {
    const dead: Peer[] = []
    for (const peer of this.#living.values()) if (now - peer.heardAt >= peer.deadInterval) dead.push(peer)
    for (const peer of dead) this.#bury(peer, peer.sequence)
    const hadQuorum = this.#hasQuorum
    this.#hasQuorum = this.#countQuorum(now)
    if (hadQuorum && !this.#hasQuorum) {
      this.#lostQuorumAt = now
      this.#unheardSince = now - deadInterval
    }
    let changed = dead.length > 0 || this.#hasQuorum !== hadQuorum
    this.#leastDeadInterval = Infinity
    this.#nextVerdictAt = Infinity
    for (const peer of this.#living.values()) {
      if (!this.#hasQuorum) peer.noQuorumSince = null
      const deafAt = peer.noQuorumSince === null ? Infinity : peer.noQuorumSince + DEAF_MS
      const deaf = now >= deafAt
      if (deaf !== peer.deaf) changed = true
      peer.deaf = deaf
      this.#leastDeadInterval = Math.min(this.#leastDeadInterval, peer.deadInterval)
      this.#nextVerdictAt = Math.min(
        this.#nextVerdictAt,
        peer.heardAt + peer.deadInterval,
        deaf ? Infinity : deafAt,
      )
    }
    if (changed) this.#countCandidates()
    return { dead, changed }
  }

  /** When the next peer is to be taken for dead or deaf, if nothing else is heard of it. As of the last `refresh`. */
  get nextVerdictAt(): number {
    return this.#nextVerdictAt
  }

  /** The least of all, `own` being this speaker's. */
  leastDeadInterval(own: number): number {
    return Math.min(own, this.#leastDeadInterval)
  }

  /** Once for each batch of hellos, and a segment may have a thousand peers: without a set of their names. */
  #countQuorum(now: number): boolean {
    const count = ++this.#counts
    this.#own.countedIn = count
    let heard = 1
    for (const { name, heardAt, deadInterval, steadySince, quorum } of this.#living.values()) {
      if (now - heardAt > deadInterval / 2 || now - steadySince < STEADY_MS) continue
      if (name.countedIn !== count) heard++
      name.countedIn = count
      if (quorum) this.#supposed.clear()
    }
    return 2 * heard > 1 + this.#known.size + this.#supposed.size
  }

  /**
   * Counts `names` as known, as if they had been heard: a speaker that hears nobody from its start on would believe
   * itself a majority of one. Until a peer is heard steadily that has a quorum: they may be on another segment, or off.
   */
  suppose(names: Iterable<string>, now: number): void {
    this.#supposedUntil = now + MEMORY_MS
    for (const name of names) if (name !== this.#own.node && !this.#known.has(name)) this.#supposed.add(name)
  }

  /** Nobody is to blame for a time in which this speaker itself could not hear. */
  excuse(lateness: number): void {
    for (const peer of this.#living.values()) {
      peer.heardAt += lateness
      peer.noQuorumSince = null
      peer.deaf = false
    }
    this.#countCandidates()
  }

  /** For the places in the order of an address. Listening peers count for cold addresses only. */
  isCandidate(node: string, isCold: boolean): boolean {
    const candidate = this.#candidates.get(node)
    return candidate !== undefined && (isCold || !candidate.listening)
  }

  hasMac(mac: Mac): boolean {
    return !this.withMac(mac).next().done
  }

  /** The living ones whose hellos came from there. */
  *withMac(mac: Mac): Generator<Peer> {
    for (const peer of this.#living.values()) if (peer.mac === mac) yield peer
  }

  /** Drops what is older than the memory. */
  forget(now: number): void {
    for (const [name, heardAt] of this.#known) if (now - heardAt > MEMORY_MS) this.#known.delete(name)
    if (now > this.#supposedUntil) this.#supposed.clear()
  }

  /** Claims that their owners have not listed since then, although they were heard. */
  unrefreshed(since: number): { peer: Peer; contest: Contest }[] {
    const claims: { peer: Peer; contest: Contest }[] = []
    for (const peer of this.#living.values()) {
      if (peer.heardAt <= since) continue
      for (const [contest, { refreshedAt }] of peer.claims)
        if (refreshedAt < since) claims.push({ peer, contest })
    }
    return claims
  }

  #bury(peer: Peer, sequence: number): void {
    this.#living.delete(peer.instance)
    this.#remember(peer.instance, sequence)
    this.#countCandidates()
  }

  #remember(instance: string, sequence: number): void {
    this.#sequences.delete(instance)
    this.#sequences.set(instance, sequence)
    if (this.#sequences.size <= MAX_REMEMBERED_INSTANCES) return
    for (const oldest of this.#sequences.keys()) {
      this.#sequences.delete(oldest)
      break
    }
  }

  #hasName(node: string): boolean {
    for (const peer of this.#living.values()) if (peer.node === node) return true
    return false
  }

  #countCandidates(): void {
    this.#candidates = new Map()
    for (const { node, leaving, listening, deaf } of this.#living.values()) {
      if (leaving || deaf) continue
      const other = this.#candidates.get(node)
      this.#candidates.set(node, { listening: listening && (other?.listening ?? true) })
    }
  }
}
