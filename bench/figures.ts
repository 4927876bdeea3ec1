// What a benchmark has measured: for each quantity the samples of who was measured, ours, a floor, another implementation.
// Nothing is computed from them here but the order in which they came.

/** Who is measured, unless it is a floor or another implementation. */
export const OURS = 'typemetal'

interface Quantity {
  readonly what: string
  readonly unit: string
  /** What the project wants of it; printed, never checked. */
  readonly goal?: string
}

export interface Figure extends Quantity {
  /** `typemetal`, what the floor is, or the other implementation's name. */
  readonly of: string
  readonly samples: readonly number[]
}

/** Quantities by short names, and their samples. */
export class Figures<Name extends string = string> {
  readonly #quantities: Readonly<Record<Name, Quantity>>
  /** By quantity and then by who. */
  readonly #samples = new Map<Name, Map<string, number[]>>()

  constructor(quantities: Readonly<Record<Name, Quantity>>) {
    this.#quantities = quantities
  }

  add(name: Name, of: string, ...samples: readonly number[]): void {
    const byWho = this.#samples.get(name) ?? new Map<string, number[]>()
    this.#samples.set(name, byWho)
    byWho.set(of, [...(byWho.get(of) ?? []), ...samples])
  }

  /** In the order of the quantities; ours first, then as they came. Those without samples are left out. */
  list(): Figure[] {
    return (Object.keys(this.#quantities) as Name[]).flatMap((name) => {
      const byWho = [...(this.#samples.get(name) ?? [])]
      byWho.sort(([one], [other]) => Number(other === OURS) - Number(one === OURS))
      return byWho.map(([of, samples]) => ({ ...this.#quantities[name], of, samples }))
    })
  }
}
