// One container of one pod: started, probed, started again when it ends, stopped. Its process survives the kubelet:
// a record on disk lets a kubelet that was started anew take it over.

import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import type { Container } from '../../src/api/index.ts'
import { timestamp } from '../../src/kube/index.ts'
import { RestartBackoff } from '../restart-backoff.ts'
import { replaceFile } from '../supervisor.ts'
import type { ContainerLog } from './log-server.ts'
import type { ContainerRun } from './pod-status.ts'
import { runProbes } from './probes.ts'

/** How often the end of a process that is not our child is looked for. */
const ADOPTED_POLL_MS = 200
/** What a container has to end by itself when a probe failed. */
const PROBE_GRACE_MS = 30_000

export interface ContainerInit {
  container: Container
  podIP: string
  /** Always | OnFailure | Never */
  restartPolicy: string
  /** Made anew for each run: environment and files may have changed. Rejects when something is missing. */
  prepare: () => Promise<{ command: string[]; env: Record<string, string> }>
  /** Log of all runs, one behind the other. */
  logFile: string
  /** Where the process's record is kept. */
  recordFile: string
  /** See `RestartBackoff`. */
  maxRestartDelayMs: number
  onChange: () => void
  onEvent: (type: 'Normal' | 'Warning', reason: string, message: string) => void
}

/** What the record says of a running process. */
interface ProcessRecord {
  pid: number
  /** Field 22 of /proc/PID/stat: a process id that was given out again has another. */
  bornAt: string
  startedAt: string
  restarts: number
  logOffset: number
}

type End = { exitCode: number; signal?: number }

export class ContainerProcess {
  readonly #init: ContainerInit
  readonly #backoff: RestartBackoff
  readonly run: ContainerRun
  #record: ProcessRecord | undefined
  #logOffsets: number[] = []
  #stopProbes = (): void => undefined
  #retry: NodeJS.Timeout | undefined
  #stopping = false
  #ended: Promise<void> = Promise.resolve()

  constructor(init: ContainerInit) {
    this.#init = init
    this.#backoff = new RestartBackoff(init.maxRestartDelayMs)
    const { name, image = '' } = init.container
    this.run = {
      name,
      image,
      state: { kind: 'waiting', reason: 'ContainerCreating' },
      ready: false,
      started: false,
      restarts: 0,
    }
  }

  get pid(): number | undefined {
    return this.#record?.pid
  }

  /** Its log, and where the present run and the one before begin in it. */
  get log(): ContainerLog {
    return { file: this.#init.logFile, offsets: this.#logOffsets }
  }

  /** Takes over the process that an earlier kubelet started, or starts one. */
  start(): void {
    const record = readRecord(this.#init.recordFile)
    if (record && bornAt(record.pid) === record.bornAt) this.#adopt(record)
    else void this.#launch()
  }

  /** SIGTERM, and SIGKILL when `graceMs` are over; resolves when the process has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#retry)
    this.#stopProbes()
    if (this.#record) await endProcess(this.#record.pid, graceMs, this.#ended)
  }

  #adopt(record: ProcessRecord): void {
    this.run.restarts = record.restarts
    this.#running(record, ended(record))
  }

  async #launch(): Promise<void> {
    try {
      const { command, env } = await this.#init.prepare()
      if (this.#stopping) return
      const { record, end } = this.#spawn(command, env)
      this.#running(record, end)
      this.#init.onEvent('Normal', 'Started', `Started container ${this.run.name}`)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.run.state = { kind: 'waiting', reason: 'CreateContainerConfigError', message }
      this.#init.onEvent('Warning', 'Failed', message)
      if (!this.#stopping) this.#retry = setTimeout(() => void this.#launch(), 1000)
      this.#init.onChange()
    }
  }

  #spawn(command: string[], env: Record<string, string>): { record: ProcessRecord; end: Promise<End> } {
    const [file = '', ...args] = command
    const log = openSync(this.#init.logFile, 'a')
    const logOffset = statSync(this.#init.logFile).size
    const child = spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    const end = new Promise<End>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code, name) =>
        resolve(
          name
            ? { exitCode: 128 + constants.signals[name], signal: constants.signals[name] }
            : { exitCode: code ?? 0 },
        ),
      )
    })
    if (child.pid === undefined) throw new Error(`${file} could not be started`)
    const record = {
      pid: child.pid,
      bornAt: bornAt(child.pid) ?? '',
      startedAt: timestamp(),
      restarts: this.run.restarts,
      logOffset,
    }
    replaceFile(this.#init.recordFile, JSON.stringify(record))
    return { record, end }
  }

  #running(record: ProcessRecord, end: Promise<End>): void {
    const { run } = this
    this.#record = record
    this.#logOffsets = [...this.#logOffsets.slice(-1), record.logOffset]
    run.state = { kind: 'running', startedAt: record.startedAt }
    this.#stopProbes = runProbes(this.#init, {
      started: () => this.#change({ started: true }),
      ready: (ready, why) => {
        if (!ready) this.#init.onEvent('Warning', 'Unhealthy', `Readiness probe failed: ${why}`)
        this.#change({ ready })
      },
      failed: (why) => {
        this.#init.onEvent('Warning', 'Unhealthy', why)
        this.#init.onEvent('Normal', 'Killing', `Container ${run.name} failed its probe, will be restarted`)
        void endProcess(record.pid, PROBE_GRACE_MS, this.#ended)
      },
    })
    this.#ended = end.then((result) => this.#onEnd(record, result))
    this.#init.onChange()
  }

  #onEnd({ startedAt }: ProcessRecord, { exitCode, signal }: End): void {
    const { run } = this
    this.#stopProbes()
    this.#record = undefined
    rmSync(this.#init.recordFile, { force: true })
    const finishedAt = timestamp()
    run.state = {
      kind: 'terminated',
      startedAt,
      finishedAt,
      exitCode,
      ...(signal !== undefined && { signal }),
    }
    this.#change({ ready: false, started: false })
    if (this.#stopping || !this.#restarts(exitCode)) return
    run.last = { startedAt, finishedAt, exitCode }
    run.restarts++
    const delay = this.#backoff.next(Date.parse(finishedAt) - Date.parse(startedAt))
    if (delay > 0) {
      run.state = {
        kind: 'waiting',
        reason: 'CrashLoopBackOff',
        message: `back-off ${delay / 1000}s restarting failed container`,
      }
      this.#init.onEvent('Warning', 'BackOff', `Back-off restarting failed container ${run.name}`)
      this.#init.onChange()
    }
    this.#retry = setTimeout(() => void this.#launch(), delay)
  }

  #restarts(exitCode: number): boolean {
    const { restartPolicy } = this.#init
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0)
  }

  #change(change: Partial<ContainerRun>): void {
    Object.assign(this.run, change)
    this.#init.onChange()
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it has ended in the meantime
  }
}

async function endProcess(pid: number, graceMs: number, ended: Promise<unknown>): Promise<void> {
  signal(pid, 'SIGTERM')
  const killer = setTimeout(() => signal(pid, 'SIGKILL'), graceMs)
  await ended
  clearTimeout(killer)
}

/** Ends the process of a record, if it still runs: that of a pod which went while no kubelet was there. */
export async function endRecorded(recordFile: string, graceMs: number): Promise<void> {
  const record = readRecord(recordFile)
  if (record && bornAt(record.pid) === record.bornAt) await endProcess(record.pid, graceMs, ended(record))
}

function readRecord(file: string): ProcessRecord | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord) : undefined
}

/** When process `pid` was started, in the kernel's ticks; undefined when there is none. */
function bornAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : rest[18]
  } catch {
    return undefined
  }
}

/** The end of a process that is not our child; how it ended cannot be known. */
async function ended({ pid, bornAt: born }: ProcessRecord): Promise<End> {
  while (bornAt(pid) === born) await new Promise((resolve) => setTimeout(resolve, ADOPTED_POLL_MS))
  return { exitCode: 137 }
}
