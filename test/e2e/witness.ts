// Who was seen on the LAN to have an address, and whether two ever had it at once.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../../scripts/checkout.mjs'
import { READY_LIMIT_MS } from './outage.ts'

const WITNESS = fileURLToPath(new URL('./lan-witness.ts', import.meta.url))

export interface Sighting {
  /** ms since 1970. */
  readonly at: number
  readonly ip: string
  readonly mac: string
  readonly kind: 'probe' | 'request' | 'reply' | 'announcement'
}

/** What is seen of the addresses while `during` runs; each MAC of each address at most once in 100 ms. */
export async function sightingsDuring(
  addresses: readonly string[],
  during: () => Promise<void>,
): Promise<Sighting[]> {
  const program = [process.execPath, '--import', 'tsx', WITNESS, ...addresses]
  const watching = spawn('ip', ['netns', 'exec', 'client', ...program], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const seen = text(watching.stdout)
  try {
    await once(watching.stderr, 'data', { signal: AbortSignal.timeout(READY_LIMIT_MS) })
    await during()
    watching.stdin.end()
    return (await seen)
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Sighting)
  } finally {
    watching.kill('SIGKILL')
  }
}

/** As long as the witness keeps quiet of what it has told. */
const WINDOW_MS = 100

/** For how many windows of 100 ms on end two MACs answered for one address; a handover falls into one, or two. */
export function windowsOfTwo(sightings: readonly Sighting[]): number {
  let longest = 0
  for (const ip of new Set(sightings.map((each) => each.ip))) {
    const windows = new Map<number, Set<string>>()
    for (const { at, mac, kind } of sightings.filter((each) => each.ip === ip)) {
      if (kind === 'probe') continue
      const window = Math.floor(at / WINDOW_MS)
      windows.set(window, (windows.get(window) ?? new Set()).add(mac))
    }
    let run = 0
    for (const [window, macs] of [...windows].sort(([one], [other]) => one - other)) {
      const follows = windows.get(window - 1)?.size === 2
      run = macs.size < 2 ? 0 : follows ? run + 1 : 1
      longest = Math.max(longest, run)
    }
  }
  return longest
}
