// How fast ARP is answered, and how many requests a second, beside the kernel answering for its own address.
//   node --import tsx bench/responder.ts
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseAddress } from '../src/ip/index.ts'
import { bootTime, Responder } from '../src/wire/index.ts'
import { unshareOptions } from '../sandbox/machine.mjs'
import { layCable } from '../test/wire/cable.ts'

const RATE = 1000
const SECONDS = 5
const MANY = 5000
const STALL_MS = 200
const INSIDE = 'TYPEMETAL_BENCH_NAMESPACE'

interface Case {
  readonly name: string
  /** The addresses asked for. */
  readonly first: string
  readonly count: number
  /** Addresses held, of 10.0.0.0 on. */
  readonly held: number
  readonly isStalled: boolean
}

const CASES: readonly Case[] = [
  { name: 'kernel, its own address', first: '192.0.2.1', count: 1, held: 0, isStalled: false },
  { name: 'responder, 1 held', first: '10.0.0.0', count: 1, held: 1, isStalled: false },
  { name: `responder, ${MANY} held`, first: '10.0.0.0', count: MANY, held: MANY, isStalled: false },
  {
    name: `responder, ${MANY} held, JavaScript stalled`,
    first: '10.0.0.0',
    count: MANY,
    held: MANY,
    isStalled: true,
  },
]

const runFile = promisify(execFile)

async function measure(
  load: string,
  { name, first, count, held, isStalled }: Case,
): Promise<Record<string, unknown>> {
  const cable = layCable()
  const responder = new Responder({ onObservations: () => {} })
  const { index } = cable.link()
  if (held > 0) responder.listenOn([cable.link()])
  const base = parseAddress('10.0.0.0')?.value ?? 0n
  const addresses = Array.from({ length: held }, (_, n) => ({
    family: 'IPv4' as const,
    value: base + BigInt(n),
  }))
  responder.install({
    held: addresses.map((address) => ({ address, interfaceIndexes: [index] })),
    watched: [],
  })
  responder.resume(bootTime() + 600_000)
  const stalling = isStalled ? setInterval(stall, 1000) : undefined
  const run = async (...mode: string[]): Promise<number[]> => {
    const asked = ['eth0', first, String(count), ...mode]
    const { stdout } = await runFile('ip', ['netns', 'exec', cable.namespace, load, ...asked])
    return stdout.trim().split(' ').map(Number)
  }
  const [sent = 0, answered = 0, p50, p99, longest, late] = await run('paced', String(RATE), String(SECONDS))
  const [offered = 0, replies = 0, took = 1] = await run('flood', String(SECONDS))
  clearInterval(stalling)
  const { ringFull } = responder.counters().losses
  responder.stop()
  cable.remove()
  return {
    '': name,
    'p50 µs': p50,
    'p99 µs': p99,
    'max µs': longest,
    lost: sent - answered,
    'late >10 ms': late,
    'flood: replies/s': Math.round(replies / took),
    'offered/s': Math.round(offered / took),
    'ring full': ringFull,
  }
}

function stall(): void {
  const end = performance.now() + STALL_MS
  while (performance.now() < end);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'typemetal-bench-'))
  try {
    const load = join(folder, 'arp-load')
    const source = fileURLToPath(new URL('arp-load.c', import.meta.url))
    await runFile('cc', ['-O2', '-Wall', '-Wextra', '-o', load, source])
    const rows: Record<string, unknown>[] = []
    for (const each of CASES) rows.push(await measure(load, each))
    console.log(
      `ARP over a veth pair; latency at ${RATE} requests/s; ${SECONDS} s each; Node ${process.version}`,
    )
    console.table(Object.fromEntries(rows.map(({ '': name, ...row }) => [name, row])))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.env[INSIDE]) await main()
else {
  const self = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url)]
  const env = { ...process.env, [INSIDE]: '1' }
  process.exitCode =
    spawnSync('unshare', [...unshareOptions(), '--', ...self], { stdio: 'inherit', env }).status ?? 1
}
