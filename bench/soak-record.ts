// docs/soak.md: what the long runs found, one section for each command, written by it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg } from 'node:os'
import { ROOT } from '../scripts/checkout.mjs'
import { KERNEL_VERSION } from './kernel-version.ts'

const FILE = `${ROOT}/docs/soak.md`
const HEAD = '# Long runs\n\nWritten by the commands that are named; each writes its own section anew.\n'

/** Replaces the section `title`, or adds it. `lines` are Markdown. */
export function recordSoak(title: string, lines: readonly string[]): void {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : HEAD
  const [head = '', ...sections] = text.split(/^(?=## )/m)
  const section = [`## ${title}`, '', ...lines, ''].join('\n')
  const others = sections.filter((each) => !each.startsWith(`## ${title}\n`))
  const parts = [head, ...others, section].map((part) => part.trim())
  writeFileSync(FILE, `${parts.join('\n\n')}\n`)
}

/** One line that says where and when it was. `loadBefore`: of `loadavg()` at the start. */
export function surroundings(loadBefore: number): string {
  const [processor] = cpus()
  const loads = [loadBefore, loadavg()[0] ?? 0].map((load) => load.toFixed(1)).join(' to ')
  return (
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${processor?.model ?? arch()}, ` +
    `Linux ${KERNEL_VERSION}, Node ${process.versions.node}; load average ${loads}`
  )
}
