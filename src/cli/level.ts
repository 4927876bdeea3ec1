// Levels what nodes carry by moving as little as possible. Pure; knows nothing of what it is that they carry.

/** Something that one node carries and that may be carried by others. */
export interface Load {
  /** Its weight: a whole number above 0. */
  readonly size: number
  readonly holder: string
  /** Who else may carry it. */
  readonly targets: readonly string[]
}

/**
 * Who is to carry each load, in the order given.
 *
 * Loads go from the fullest node to the emptiest that they can reach as long as that node stays below what the other one
 * had: directly, or in a chain of nodes each of which passes on as much as it gets, the shortest there is.
 *
 * @param carried What each node carries besides, by its name; loads go to no other node.
 */
export function level(carried: ReadonlyMap<string, number>, loads: readonly Load[]): string[] {
  const balance = new Balance(carried, loads)
  while (balance.improve()) continue
  return balance.holders
}

/** Loads that may go to the same nodes and weigh the same: one is as good as another. */
interface Kind {
  readonly size: number
  readonly nodes: readonly string[]
}

/** One step of a chain: some load of the kind goes from one node to another. */
interface Step {
  readonly from: string
  readonly to: string
  readonly kind: Kind
}

class Balance {
  /** By index of the load. */
  readonly holders: string[]
  readonly #weights: Map<string, number>
  readonly #sizes: readonly number[]
  /** By node and kind: the indices of the loads. */
  readonly #stock: ReadonlyMap<string, Map<Kind, number[]>>

  constructor(carried: ReadonlyMap<string, number>, loads: readonly Load[]) {
    this.holders = loads.map(({ holder }) => holder)
    this.#weights = new Map(carried)
    this.#sizes = [...new Set(loads.map(({ size }) => size))].sort((a, b) => b - a)
    this.#stock = new Map([...carried.keys()].map((node) => [node, new Map<Kind, number[]>()]))
    const kinds = new Map<string, Kind>()
    for (const [index, { size, holder, targets }] of loads.entries()) {
      const nodes = [...new Set([holder, ...targets])].filter((node) => carried.has(node)).sort()
      const name = JSON.stringify([size, nodes])
      const kind = kinds.get(name) ?? { size, nodes }
      kinds.set(name, kind)
      this.#put(holder, kind, index)
      this.#weights.set(holder, this.#weightOf(holder) + size)
    }
  }

  /** Makes the best chain there is from one of the fullest nodes; false: nothing can be made better. */
  improve(): boolean {
    const fullest = [...this.#weights.keys()].sort((a, b) => this.#weightOf(b) - this.#weightOf(a))
    for (const node of fullest) {
      for (const size of this.#sizes) {
        const chain = this.#chainFrom(node, size)
        if (chain === null) continue
        for (const step of chain) this.#take(step)
        return true
      }
    }
    return false
  }

  /** The shortest to the emptiest node that stays emptier than this one was; `null`: there is none. */
  #chainFrom(node: string, size: number): Step[] | null {
    const steps = new Map<string, Step | null>([[node, null]])
    for (const from of steps.keys()) {
      for (const kind of this.#stock.get(from)?.keys() ?? []) {
        if (kind.size !== size) continue
        for (const to of kind.nodes) if (!steps.has(to)) steps.set(to, { from, to, kind })
      }
    }
    const end = [...steps.keys()].reduce((emptiest, each) =>
      this.#weightOf(each) < this.#weightOf(emptiest) ? each : emptiest,
    )
    if (this.#weightOf(end) + size >= this.#weightOf(node)) return null
    const chain: Step[] = []
    for (let step = steps.get(end); step; step = steps.get(step.from)) chain.push(step)
    return chain
  }

  #take({ from, to, kind }: Step): void {
    const kinds = this.#stock.get(from)
    const index = kinds?.get(kind)?.pop()
    if (index === undefined) return
    if (kinds?.get(kind)?.length === 0) kinds.delete(kind)
    this.#put(to, kind, index)
    this.holders[index] = to
    this.#weights.set(from, this.#weightOf(from) - kind.size)
    this.#weights.set(to, this.#weightOf(to) + kind.size)
  }

  #put(node: string, kind: Kind, index: number): void {
    const kinds = this.#stock.get(node)
    const indices = kinds?.get(kind)
    if (indices === undefined) kinds?.set(kind, [index])
    else indices.push(index)
  }

  #weightOf(node: string): number {
    return this.#weights.get(node) ?? 0
  }
}
