// Starts sandboxes from outside, as a user does, and looks for what they leave behind.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const DEADLINE_MS = 120_000

export interface Sandbox {
  child: ChildProcess
  /** What it has printed so far. */
  stdout: () => string
  stderr: () => string
  code: Promise<number | null>
}

/** `npm run sandbox -- ARGS`, without npm. */
export function startSandbox(...args: string[]): Sandbox {
  const child = spawn(process.execPath, ['sandbox/run.mjs', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const code = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, stdout: () => stdout, stderr: () => stderr, code }
}

/** Runs a shell script in a fresh sandbox. */
export async function execute(options: string, script: string) {
  const sandbox = startSandbox('exec', ...options.split(' ').filter(Boolean), '--', 'sh', '-ec', script)
  return { code: await sandbox.code, stdout: sandbox.stdout(), stderr: sandbox.stderr(), sandbox }
}

/** The lines of what a script printed, without empty ones. */
export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** Waits until `done` gives a value. */
async function until<T>(what: string, done: () => T | undefined): Promise<T> {
  for (const end = performance.now() + DEADLINE_MS; ; await sleep(50)) {
    const value = done()
    if (value !== undefined) return value
    if (performance.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`)
  }
}

/**
 * A sandbox whose command makes a namespace, prints which there are some seconds later, and waits; resolves then, with
 * the sandbox's folder.
 */
export async function startWaiting(namespace: string): Promise<Sandbox & { dir: string }> {
  const script = `
kubectl create namespace ${namespace} >/dev/null; sleep 3; kubectl get namespaces -o name
echo $SANDBOX_DIR; exec sleep 1000`
  const sandbox = startSandbox('exec', '--no-product', '--nodes', '1', '--', 'sh', '-ec', script)
  const dir = await until('the command', () => /^(\/\S+)$/m.exec(sandbox.stdout())?.[1])
  return { ...sandbox, dir }
}

/** Processes of the machine whose command line or environment names `dir`. */
export function processesOf(dir: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const text = ['cmdline', 'environ'].map((file) => readProc(`/proc/${pid}/${file}`)).join('\0')
      return text.includes(dir) ? [`${pid} ${readProc(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`] : []
    })
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // ended, or another user's
  }
}

/** Fails unless nothing of the sandbox is left, soon. */
export async function nothingLeft(dir: string): Promise<void> {
  await until(`the end of ${processesOf(dir).join('; ')}`, () =>
    processesOf(dir).length === 0 ? true : undefined,
  )
  await until(`the removal of ${dir}`, () => (existsSync(dir) ? undefined : true))
}

/** A script: a Deployment of one pod, reached from the client through the NodePort at `address`. */
export function reachPod(address: string): string {
  return `
kubectl create deployment web --image=nginx >/dev/null
kubectl expose deployment web --port=80 --type=NodePort >/dev/null
kubectl rollout status deployment web --timeout=60s >/dev/null
port=$(kubectl get service web -o jsonpath={.spec.ports[0].nodePort})
client curl -sS --retry 20 --retry-connrefused --retry-delay 1 --max-time 30 "http://${address}:$port"
`
}
