// The sandbox seen from outside: starts its world, passes signals and the status API through, and cleans up after it.
// Everything inside is in namespaces of its own, which the kernel takes down with their first process.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SandboxOptions } from './options.mjs'
import { unshareOptions } from './machine.mjs'
import { folders } from './layout.ts'
import { exitStatus } from './shell.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** How long the inside may take to end by itself before its first process is killed. */
const GRACE_MS = 5000

/**
 * The first process of the inside. A shell, because process 1 has to reap orphans and because a signal from inside
 * cannot kill process 1, but can kill the program that it waits for. A shell takes the standard input away from what it
 * starts in the background, before it looks at redirections: hence the detour.
 */
const FIRST_PROCESS = 'exec 4<&0; "$@" <&4 4<&- & wait $!'

/** What the launcher hands to the inside, as JSON in SANDBOX_INIT. */
export interface Init {
  dir: string
  kubeBin: string
  options: SandboxOptions
  terminal: boolean
  /** Where the status API can be reached from outside, in the walk-through. */
  statusUrl?: string
}

/** Runs one sandbox; resolves with the exit code for the whole. */
export async function launch(options: SandboxOptions, kubeBin: string): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'typemetal-sandbox-'))
  chmodSync(dir, 0o755) // pods may run as another user
  const at = folders(dir)
  for (const folder of [at.logs, at.pids]) mkdirSync(folder)
  const terminal = process.stdin.isTTY && process.stdout.isTTY
  const door = options.command === undefined ? await openDoor(at.statusSocket) : undefined
  try {
    return await runInside({ dir, kubeBin, options, terminal, ...(door && { statusUrl: door.url }) })
  } finally {
    door?.server.close()
    if (existsSync(at.failure)) process.stderr.write(`sandbox: the logs are in ${at.logs}\n`)
    else rmSync(dir, { recursive: true, force: true })
  }
}

async function runInside(init: Init): Promise<number> {
  const inside = join(dirname(fileURLToPath(import.meta.url)), 'cluster.js')
  const command = [process.execPath, '--enable-source-maps', inside]
  const first = ['sh', '-c', FIRST_PROCESS, 'sandbox', ...command]
  const child = spawn('unshare', [...unshareOptions(), '--', ...first], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, SANDBOX_INIT: JSON.stringify(init) },
  })
  let signalled: NodeJS.Signals | undefined
  const end = (signal: NodeJS.Signals): void => {
    signalled ??= signal
    child.stdio[3]?.destroy() // the inside ends when this pipe does, also if we are killed
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
  }
  for (const signal of SIGNALS) process.on(signal, end)
  try {
    const exited = exitCode(child)
    await recordFirstProcess(child, `${folders(init.dir).pids}/sandbox`)
    const code = await exited
    return signalled === undefined ? code : exitStatus(null, signalled)
  } finally {
    for (const signal of SIGNALS) process.off(signal, end)
  }
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(exitStatus(code, signal)))
  })
}

/** Notes the process whose end ends the sandbox, as this side of the namespace counts: the child of `unshare`. */
async function recordFirstProcess(unshare: ChildProcess, pidFile: string): Promise<void> {
  for (let tries = 0; tries < 500 && unshare.exitCode === null; tries++) {
    const pid = childOf(unshare.pid)
    if (pid !== undefined) return writeFileSync(pidFile, `${pid}\n`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function childOf(pid: number | undefined): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] || undefined
  } catch {
    return undefined // it has ended
  }
}

/** A port on 127.0.0.1 that leads to a unix socket: paths cross network namespaces, ports do not. */
async function openDoor(socket: string): Promise<{ server: Server; url: string }> {
  const server = createServer((outside) => {
    const inside = connect(socket)
    outside.pipe(inside).pipe(outside)
    inside.on('error', () => outside.destroy())
    outside.on('error', () => inside.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { server, url: `http://127.0.0.1:${port}` }
}
