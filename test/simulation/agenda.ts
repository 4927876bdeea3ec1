// The virtual clock: what happens when, in order of time and, at equal times, of arrival.

export interface Happening {
  happen(): void
}

export class Agenda {
  /** ms since the start of the simulation. */
  now = 0
  readonly #times: number[] = []
  readonly #turns: number[] = []
  readonly #items: Happening[] = []
  #turn = 0

  at(time: number, item: Happening): void {
    let index = this.#times.length
    const turn = this.#turn++
    this.#times.push(time)
    this.#turns.push(turn)
    this.#items.push(item)
    while (index > 0) {
      const above = (index - 1) >> 1
      if ((this.#times[above] as number) <= time) break
      this.#move(above, index)
      index = above
    }
    this.#put(index, time, turn, item)
  }

  /** Lets happen what is due until `end`. */
  run(end: number): void {
    while (this.#times.length > 0 && (this.#times[0] as number) <= end) {
      this.now = this.#times[0] as number
      const item = this.#items[0] as Happening
      this.#removeFirst()
      item.happen()
    }
    this.now = end
  }

  #removeFirst(): void {
    const time = this.#times.pop() as number
    const turn = this.#turns.pop() as number
    const item = this.#items.pop() as Happening
    const size = this.#times.length
    if (size === 0) return
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      if (below >= size) break
      if (below + 1 < size && this.#isBefore(below + 1, below)) below++
      const belowTime = this.#times[below] as number
      if (belowTime > time || (belowTime === time && (this.#turns[below] as number) > turn)) break
      this.#move(below, index)
      index = below
    }
    this.#put(index, time, turn, item)
  }

  #isBefore(one: number, other: number): boolean {
    const difference = (this.#times[one] as number) - (this.#times[other] as number)
    return difference === 0 ? (this.#turns[one] as number) < (this.#turns[other] as number) : difference < 0
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from] as number, this.#turns[from] as number, this.#items[from] as Happening)
  }

  #put(index: number, time: number, turn: number, item: Happening): void {
    this.#times[index] = time
    this.#turns[index] = turn
    this.#items[index] = item
  }
}
