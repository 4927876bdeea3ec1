// Keeps the cluster's own programs running: logs, process ids, restarts. Pods are the kubelets' business.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { RestartBackoff } from './restart-backoff.ts'

export interface ProgramSpec {
  /** Its name in logs/ and pids/. */
  name: string
  command: readonly string[]
  /** The network namespace it runs in; the sandbox's own when absent. */
  namespace?: string
  env?: NodeJS.ProcessEnv
}

/** The command that runs `command` in network namespace `name` with the same process id. */
function inNamespace(name: string, command: readonly string[]): string[] {
  return ['nsenter', `--net=/run/netns/${name}`, '--', ...command]
}

/** Writes `text` so that a reader sees the old or the new content, never half of it. */
export function replaceFile(path: string, text: string): void {
  const partial = `${path}.new`
  writeFileSync(partial, text)
  renameSync(partial, path)
}

/** Starts programs and starts them again when they end, until the sandbox itself ends. */
export class Supervisor {
  readonly #folders: { logs: string; pids: string }
  readonly #longestDelayMs: number

  /** `longestDelayMs`: before a program is started again. */
  constructor(folders: { logs: string; pids: string }, longestDelayMs: number) {
    this.#folders = folders
    this.#longestDelayMs = longestDelayMs
  }

  start(spec: ProgramSpec): void {
    this.#run(spec, new RestartBackoff(this.#longestDelayMs))
  }

  #run(spec: ProgramSpec, backoff: RestartBackoff): void {
    const started = performance.now()
    const child = this.#spawn(spec)
    const pidFile = `${this.#folders.pids}/${spec.name}`
    if (child.pid !== undefined) replaceFile(pidFile, `${child.pid}\n`)
    let ended = false
    const restart = (): void => {
      if (ended) return
      ended = true
      rmSync(pidFile, { force: true })
      setTimeout(() => this.#run(spec, backoff), backoff.next(performance.now() - started))
    }
    child.on('error', restart).on('exit', restart)
  }

  #spawn({ name, command, namespace, env }: ProgramSpec): ChildProcess {
    const [file = '', ...args] = namespace === undefined ? command : inNamespace(namespace, command)
    const log = openSync(`${this.#folders.logs}/${name}.log`, 'a')
    try {
      // A session of its own: Ctrl-C in the terminal is for the command inside, not for the cluster.
      return spawn(file, args, { detached: true, stdio: ['ignore', log, log], env: env ?? process.env })
    } finally {
      closeSync(log)
    }
  }
}
