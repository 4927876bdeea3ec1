// The load generator of the wire: compiles bench/neighbour-load.c, and runs it where a cable ends. And a network
// namespace of its own for who measures.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unshareOptions } from '../sandbox/machine.mjs'

const INSIDE = 'TYPEMETAL_BENCH_NAMESPACE'
const runFile = promisify(execFile)

/** Runs neighbour-load on eth0 in a namespace with these arguments; resolves with the numbers that it prints. */
export type Load = (namespace: string, ...args: readonly (string | number)[]) => Promise<number[]>

/** Calls `main` as root in a network namespace of its own, in which `self` runs again for that. */
export async function inNamespace(self: string, main: (load: Load) => Promise<void>): Promise<void> {
  if (process.env[INSIDE]) return withLoad(main)
  const node = [process.execPath, '--import', 'tsx', fileURLToPath(self), ...process.argv.slice(2)]
  const env = { ...process.env, [INSIDE]: '1' }
  const { status } = spawnSync('unshare', [...unshareOptions(), '--', ...node], { stdio: 'inherit', env })
  process.exitCode = status ?? 1
}

/** Calls `main` where we are root in a network namespace already. */
export async function withLoad(main: (load: Load) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'typemetal-bench-'))
  try {
    const program = join(folder, 'neighbour-load')
    const source = fileURLToPath(new URL('neighbour-load.c', import.meta.url))
    await runFile('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source])
    await main(async (namespace, ...args) => {
      const command = ['netns', 'exec', namespace, program, 'eth0', ...args.map(String)]
      const { stdout } = await runFile('ip', command)
      return stdout.trim().split(' ').map(Number)
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}
