// One range of a pool as a canvas: a cell for each address, or for a block of them. The cell under pointer or cursor is
// told in words.

import type { PoolDetail, RangeView } from '../status/index.ts'
import { type AddressGrid, cellOf, cellsOf, gridOf, moved, nameOf } from './address-grid.ts'
import { make, tell } from './dom.ts'
import { isTroubled, type KnownService } from './store.ts'

/** Width of the map on the screen. */
const WIDTH_PX = 768
const LARGEST_CELL_PX = 18
/** Cells of this size have a line between them. */
const LINED_CELL_PX = 6

export interface PoolMapInit {
  readonly range: RangeView
  readonly onChosen: (service: string) => void
}

export class PoolMap {
  readonly element: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #described: HTMLElement
  /** Frames the cell that is told in words. */
  readonly #frame = make('span', { className: 'cursor' })
  readonly #grid: AddressGrid
  readonly #rows: number
  readonly #services = new Map<number, KnownService[]>()
  /** Cells of a Service, which stays as it is: a change makes another one. */
  readonly #cells = new WeakMap<KnownService, readonly number[]>()
  #withheld: readonly { readonly first: number; readonly last: number; readonly why: string }[] = []
  #cursor = 0
  /** The cell at the cursor is told in words. */
  #isLookedAt = false

  /** `undefined` where the range cannot be shown. */
  static of(init: PoolMapInit): PoolMap | undefined {
    const grid = gridOf(init.range)
    return grid === null ? undefined : new PoolMap(init, grid)
  }

  private constructor({ range, onChosen }: PoolMapInit, grid: AddressGrid) {
    this.#grid = grid
    this.#rows = Math.ceil(grid.cells / grid.columns)
    this.#canvas = make('canvas', {})
    this.#canvas.width = grid.columns
    this.#canvas.height = this.#rows
    const cellPx = Math.max(3, Math.min(LARGEST_CELL_PX, Math.floor(WIDTH_PX / grid.columns)))
    this.#canvas.style.width = `${grid.columns * cellPx}px`
    this.#canvas.tabIndex = 0
    this.#canvas.setAttribute('role', 'application')
    this.#canvas.setAttribute('aria-roledescription', 'map of addresses')
    this.#canvas.setAttribute('aria-label', `${range.first} to ${range.last}`)
    this.#canvas.setAttribute('aria-describedby', 'map-hint')
    this.#described = make('p', { className: 'described' }, `${range.first} to ${range.last}`)
    this.#described.setAttribute('aria-live', 'polite')
    this.#frame.hidden = true
    const map = make(
      'div',
      { className: cellPx < LINED_CELL_PX ? 'map' : 'lined map' },
      this.#canvas,
      this.#frame,
    )
    map.style.setProperty('--columns', String(grid.columns))
    map.style.setProperty('--rows', String(this.#rows))
    this.element = make('div', {}, map, this.#described)
    this.#canvas.addEventListener('pointermove', (event) => this.#goTo(this.#cellAt(event)))
    this.#canvas.addEventListener('click', (event) => this.#choose(this.#cellAt(event), onChosen))
    this.#canvas.addEventListener('focus', () => this.#goTo(this.#cursor))
    this.#canvas.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') return this.#choose(this.#cursor, onChosen)
      const next = moved(grid, this.#cursor, event.key)
      if (next === this.#cursor) return
      event.preventDefault()
      this.#goTo(next)
    })
  }

  draw({ withheld }: PoolDetail, services: Iterable<KnownService>): void {
    this.#services.clear()
    for (const service of services) {
      for (const cell of this.#cellsOf(service)) {
        const others = this.#services.get(cell)
        if (others === undefined) this.#services.set(cell, [service])
        else others.push(service)
      }
    }
    this.#withheld = withheld.flatMap((range) => {
      const cells = cellsOf(this.#grid, range)
      return cells === null ? [] : { ...cells, why: range.owner ?? range.because }
    })
    this.#paint()
    if (this.#isLookedAt) this.#goTo(this.#cursor)
  }

  #cellsOf(service: KnownService): readonly number[] {
    const known = this.#cells.get(service)
    if (known !== undefined) return known
    const cells = service.addresses.flatMap((address) => cellOf(this.#grid, address) ?? [])
    this.#cells.set(service, cells)
    return cells
  }

  /** One pixel a cell, which the style sheet enlarges: painting 65,536 rectangles would be felt. */
  #paint(): void {
    const context = this.#canvas.getContext('2d')
    if (context === null) return
    const image = context.createImageData(this.#canvas.width, this.#canvas.height)
    const pixels = new Uint32Array(image.data.buffer)
    const colour = coloursOf(this.#canvas)
    pixels.fill(colour('--free'), 0, this.#grid.cells)
    for (const { first, last } of this.#withheld) pixels.fill(colour('--withheld'), first, last + 1)
    for (const [cell, services] of this.#services) {
      pixels[cell] = colour(services.some(({ view }) => isTroubled(view)) ? '--trouble' : '--used')
    }
    context.putImageData(image, 0, 0)
  }

  #cellAt({ offsetX, offsetY }: MouseEvent): number {
    const { clientWidth, clientHeight } = this.#canvas
    const column = Math.floor((offsetX / clientWidth) * this.#grid.columns)
    const cell = Math.floor((offsetY / clientHeight) * this.#rows) * this.#grid.columns + column
    return Math.max(0, Math.min(this.#grid.cells - 1, cell))
  }

  #goTo(cell: number): void {
    this.#cursor = cell
    this.#isLookedAt = true
    this.#putFrame(cell)
    tell(this.#described, `${nameOf(this.#grid, cell)}: ${this.#wordsFor(cell)}`)
  }

  /** In parts of the map, which is smaller on a small screen. */
  #putFrame(cell: number): void {
    const { columns } = this.#grid
    const { style } = this.#frame
    style.left = `${((cell % columns) / columns) * 100}%`
    style.top = `${(Math.floor(cell / columns) / this.#rows) * 100}%`
    style.width = `${100 / columns}%`
    style.height = `${100 / this.#rows}%`
    this.#frame.hidden = false
  }

  #wordsFor(cell: number): string {
    const services = this.#services.get(cell) ?? []
    const [only] = services
    if (only === undefined) {
      const withheld = this.#withheld.find(({ first, last }) => first <= cell && cell <= last)
      return withheld === undefined ? 'free' : `not given out: ${withheld.why}`
    }
    if (services.length > 3) return `${services.length} Services`
    return services
      .map(({ key, view }) => `${key}, ${view.announcedBy.join(' and ') || 'announced by nobody'}`)
      .join('; ')
  }

  #choose(cell: number, onChosen: (service: string) => void): void {
    const [service] = this.#services.get(cell) ?? []
    if (service !== undefined) onChosen(service.key)
  }
}

/** Colours of the style sheet, six digits each, as pixels. */
function coloursOf(element: HTMLElement): (name: string) => number {
  const style = getComputedStyle(element)
  const known = new Map<string, number>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const hex = style.getPropertyValue(name).trim().slice(1)
    const [red, green, blue] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16))
    const pixel = ((255 << 24) | ((blue ?? 0) << 16) | ((green ?? 0) << 8) | (red ?? 0)) >>> 0
    known.set(name, pixel)
    return pixel
  }
}
