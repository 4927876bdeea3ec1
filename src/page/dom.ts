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
