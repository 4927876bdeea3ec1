// Text for terminals: aligned columns, colours where they are wanted, and nothing that a terminal would obey. Pure.

export type Tone = 'good' | 'bad' | 'warn' | 'faint' | 'strong'

export interface Cell {
  readonly text: string
  readonly tone?: Tone
}

/** Puts a tone on text, as far as colours are wanted; what comes out is printable. */
export type Paint = (tone: Tone | undefined, text: string) => string

/** How a report is to look. */
export interface Style {
  readonly paint: Paint
  /** For ages; ms since 1970. */
  readonly now: number
}

/** SGR parameters, ECMA-48 section 8.3.117. */
const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1 }

export function painter(colours: boolean): Paint {
  return (tone, text) => {
    const safe = printable(text)
    return colours && tone !== undefined && safe !== '' ? `\u001b[${CODES[tone]}m${safe}\u001b[0m` : safe
  }
}

/** Control characters, which somebody may have put into an object for the terminals of others. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g

/** The text with nothing in it that moves the cursor or hides something; a line stays a line. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (control) => (control === '\n' || control === '\t' ? ' ' : '\u{fffd}'))
}

const GAP = 3

/** Columns as wide as their widest cell, as kubectl prints them; no blanks at the ends of lines. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (Cell | string)[])[],
  paint: Paint,
): string {
  const lines = [header.map((text): Cell => ({ text })), ...rows.map((row) => row.map(asCell))]
  const widths = header.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, line[column]?.text.length ?? 0), 0),
  )
  return lines.map((line) => joined(line, widths, paint)).join('')
}

function asCell(cell: Cell | string): Cell {
  const { text, ...rest } = typeof cell === 'string' ? { text: cell } : cell
  return { ...rest, text: printable(text) }
}

function joined(line: readonly Cell[], widths: readonly number[], paint: Paint): string {
  const last = line.findLastIndex(({ text }) => text !== '')
  const cells = line.slice(0, last + 1).map(({ text, tone }, column) => {
    const blanks = column === last ? 0 : (widths[column] ?? 0) - text.length + GAP
    return paint(tone, text) + ' '.repeat(blanks)
  })
  return `${cells.join('')}\n`
}

/** `label` in a column of its own, and the text beside it; several texts under each other. */
export function field(label: string, texts: readonly string[], width = 14): string {
  return texts.map((text, index) => `${(index === 0 ? label : '').padEnd(width)}${text}\n`).join('')
}

/** The first `most`, and how many more there are. */
export function someOf(texts: readonly string[], most: number): string {
  const named = texts.slice(0, most).join(',')
  return texts.length > most ? `${named} and ${texts.length - most} more` : named
}

/** How long ago, as kubectl says it: `5s`, `3m`, `2h`, `4d`. */
export function age(since: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000))
  if (Number.isNaN(seconds)) return ''
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
