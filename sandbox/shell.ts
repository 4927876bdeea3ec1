// Runs a program to its end and hands back what it printed.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** A program that had to succeed did not; the message holds its command and what it printed. */
class CommandFailed extends Error {}

/** The code by which a shell knows how a program ended: its own, or 128 and the number of the signal. */
export function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

export interface RunOptions {
  input?: string
  env?: NodeJS.ProcessEnv
}

/** Runs `command`, feeding it `input`; resolves with its standard output, rejects with `CommandFailed`. */
export function run(command: readonly string[], { input, env }: RunOptions = {}): Promise<string> {
  const [file = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    child.on('error', (error) => reject(new CommandFailed(`${command.join(' ')}: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else
        reject(
          new CommandFailed(
            `${command.join(' ')} ended with ${signal ?? code}: ${(errors || output).trim()}`,
          ),
        )
    })
    child.stdin.on('error', () => undefined) // it may end before it has read everything
    child.stdin.end(input ?? '')
  })
}
