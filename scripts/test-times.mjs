// How long each test took: a reporter of Node's test runner that writes it down, and what reads it again.
// @ts-check
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './checkout.mjs'

/** What `--test-reporter` takes. */
export const TIMES_REPORTER = fileURLToPath(import.meta.url)

/** @typedef {{ seconds: number, file: string, name: string }} TestTime */

/** One line of JSON for each test. @param {AsyncIterable<import('node:test/reporters').TestEvent>} events */
export default async function* times(events) {
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { name, nesting, details, file = '' } = event.data
    if (nesting > 0) continue
    /** @type {TestTime} */
    const time = { seconds: details.duration_ms / 1000, file: relative(ROOT, file), name }
    yield `${JSON.stringify(time)}\n`
  }
}

/** @param {string} path what the reporter wrote @returns {TestTime[]} */
export function readTimes(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
