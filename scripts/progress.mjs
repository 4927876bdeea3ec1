// Runs one long step and says what is being done and for how long; its output is shown only when it fails.
// @ts-check
import { spawn } from 'node:child_process'

/** Seconds between two lines of a step when there is no terminal to rewrite a line on. */
const QUIET_INTERVAL_S = 30
/** Of what a failed program printed: npm says the reason first, compilers and Go last. */
const SHOWN_LINES = { first: 12, last: 20 }

/** A step of the preparation failed; `message` is a whole sentence with the remedy. */
export class StepFailed extends Error {}

/** @param {number} ms */
export function minutes(ms) {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/**
 * Shows `title` with the time it takes until `work` is done. `work` may call `note` to say how far it is.
 *
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work
 */
export async function step(title, work) {
  const started = Date.now()
  const terminal = process.stderr.isTTY
  let detail = ''
  const line = () => `${title} ${minutes(Date.now() - started)}${detail && `  ${detail}`}`
  const show = () => process.stderr.write(terminal ? `\r\x1b[K${line()}` : `${line()}\n`)
  show()
  const timer = setInterval(show, terminal ? 500 : QUIET_INTERVAL_S * 1000)
  try {
    return await work((text) => (detail = text))
  } finally {
    clearInterval(timer)
    show()
    if (terminal) process.stderr.write('\n')
  }
}

/**
 * Runs a program to its end, or throws `StepFailed` with the first and last lines it printed.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, remedy: string, onLine?: (line: string) => void }} options
 * @returns {Promise<void>}
 */
export function run(file, args, { cwd, env, remedy, onLine }) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
    /** @type {string[]} */
    const lines = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        for (const line of text.split('\n').filter(Boolean)) {
          onLine?.(line)
          lines.push(line)
          // What is between the first and the last lines shrinks to one mark.
          if (lines.length > SHOWN_LINES.first + SHOWN_LINES.last) lines.splice(SHOWN_LINES.first, 2, '…')
        }
      })
    }
    const command = [file, ...args].join(' ')
    child.on('error', (error) => reject(new StepFailed(`${command}: ${error.message}. ${remedy}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new StepFailed(`${lines.join('\n')}\n${command} ended with ${signal ?? code}. ${remedy}`))
    })
  })
}
