// How generated documents are laid out: as prettier would, so that it has nothing to say of them.

import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { ROOT } from '../checkout.mjs'

/** `file`: relative to the checkout. */
export async function markdown(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(join(ROOT, file))), parser: 'markdown' })
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n')
}
