// Elements of the page: found by id, made with text. No markup is ever made from text that others wrote.

export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${id} that is a ${kind.name}`)
}

interface Attributes {
  readonly className?: string
  readonly title?: string
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { className, title }: Attributes,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  if (className !== undefined && className !== '') element.className = className
  if (title !== undefined) element.title = title
  element.append(...children)
  return element
}

/** A screen reader reads aloud what is set, also what was there before. */
export function tell(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Makes `wanted` the children, and does not touch those that are: what is read aloud or has the focus goes on. */
export function showChildren(parent: Element, wanted: readonly Element[]): void {
  const staying = new Set(wanted)
  const going = Array.from(parent.children).filter((child) => !staying.has(child))
  for (const child of going) child.remove()
  let next = parent.firstElementChild
  for (const element of wanted) {
    if (element === next) next = next.nextElementSibling
    else parent.insertBefore(element, next)
  }
}

/** `1 Service`, `2 Services`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

/** What is to be drawn, what has waited longest first. */
const waiting = new Set<() => void>()

/** Calls `draw` soon, once however often it is asked to, in a frame in which nothing else is drawn. */
export function onceAFrame(draw: () => void): () => void {
  return () => {
    if (waiting.size === 0) requestAnimationFrame(drawNext)
    waiting.add(draw)
  }
}

function drawNext(): void {
  const [draw] = waiting
  if (draw === undefined) return
  waiting.delete(draw)
  if (waiting.size > 0) requestAnimationFrame(drawNext)
  draw()
}
