// The kernel's lock of all network configuration (rtnl), held as long as a test likes. All of the machine that wants to
// change or read interfaces waits meanwhile: `ip`, `readLinks`, `Cable.link` as well.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Lets it go. False when that has already happened, after 5 s. */
export type Release = () => Promise<boolean>

export interface RtnlLock {
  /** Why it cannot be held in this place: that takes userfaultfd, which containers often forbid. */
  readonly obstacle: string | undefined
  /** Takes it before it returns: the event loop does not run meanwhile. */
  readonly hold: () => Release
  readonly remove: () => void
}

const TAKE_DEADLINE_MS = 5000

/** Compiles the program that holds it. */
export function prepareRtnlLock(): RtnlLock {
  const folder = mkdtempSync(join(tmpdir(), 'typemetal-rtnl-'))
  const program = join(folder, 'rtnl-holder')
  const source = fileURLToPath(new URL('rtnl-holder.c', import.meta.url))
  execFileSync(process.env.CC || 'cc', ['-O1', '-Wall', '-pthread', '-o', program, source])
  const { status, stdout } = spawnSync(program, { input: '', encoding: 'utf8' })
  return {
    obstacle: status === 0 ? undefined : stdout.trim(),
    hold: () => hold(program, join(folder, 'said')),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

function hold(program: string, said: string): Release {
  const output = openSync(said, 'w')
  const child = spawn(program, { stdio: ['pipe', output, 'inherit'] })
  const ended = once(child, 'exit')
  closeSync(output)
  const wait = 'until grep -q . "$0"; do sleep 0.01; done'
  execFileSync('sh', ['-c', wait, said], { timeout: TAKE_DEADLINE_MS })
  const line = readFileSync(said, 'utf8').trim()
  if (line !== 'held') throw new Error(line)
  return async () => {
    child.stdin?.end()
    const [status] = (await ended) as [number | null]
    return status === 0
  }
}
