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

/** Calls `draw` once before the next frame, however often it is asked to. */
export function onceAFrame(draw: () => void): () => void {
  let planned = false
  return () => {
    if (planned) return
    planned = true
    requestAnimationFrame(() => {
      planned = false
      draw()
    })
  }
}
