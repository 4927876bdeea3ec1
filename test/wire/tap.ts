// A tap at the far end of a cable: sends frames as they are given, and tells every frame that arrives there. A program
// in C of its own, so that what we send is not judged by our own code.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Tap {
  /** In hexadecimal. */
  readonly send: (...frames: string[]) => void
  /** The next frame, in hexadecimal, that fulfils `condition`; those before it are passed over. */
  readonly next: (condition: (frame: string) => boolean) => Promise<string>
  readonly end: () => Promise<void>
}

const DEADLINE_MS = 5000

/** Starts one on eth0 in `namespace`. */
export async function startTap(namespace: string): Promise<Tap> {
  const folder = mkdtempSync(join(tmpdir(), 'typemetal-tap-'))
  const program = join(folder, 'tap')
  const source = fileURLToPath(new URL('tap.c', import.meta.url))
  execFileSync(process.env.CC || 'cc', ['-O1', '-Wall', '-o', program, source])
  const child = spawn('ip', ['netns', 'exec', namespace, program, 'eth0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting: string[] = []
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => waiting.push(line))
  const next: Tap['next'] = async (condition) => {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    for (;;) {
      for (let line = waiting.shift(); line !== undefined; line = waiting.shift())
        if (condition(line)) return line
      await once(lines, 'line', { signal })
    }
  }
  await next((line) => line === 'ready')
  rmSync(folder, { recursive: true })
  return {
    send: (...frames) => child.stdin.write(frames.map((frame) => `${frame}\n`).join('')),
    next,
    end: async () => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
