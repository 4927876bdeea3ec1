// `npm test`: prepares what is missing, then runs the tests in their groups, each where it can run.
//   node scripts/test.mjs [GROUP…]
// Tests in sandboxes mostly wait for Kubernetes: two of these groups run beside each other, each line with its name.
// At the end it names what took longest.
// Plain JavaScript without dependencies, because it runs before they are there.
// @ts-check
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './checkout.mjs'
import { prepare, requireNode } from './prepare.mjs'
import { StepFailed } from './progress.mjs'
import { readTimes, TIMES_REPORTER } from './test-times.mjs'
import {
  MachineLacks,
  SYSTEM_PATH,
  requireNamespaces,
  requirePrograms,
  unshareOptions,
} from '../sandbox/machine.mjs'

const IN_SANDBOX = [process.execPath, 'sandbox/run.mjs', 'exec', '--audit', '--max-restart-delay', '1', '--']

/**
 * The groups that need surroundings of their own; every other folder of test/ is in the group `unit`.
 *
 * - wire: root in a network namespace of their own, where they lay their cables.
 * - e2e: inside one sandbox with the product, one file after the other.
 * - sandbox: start sandboxes and look at them from outside.
 * - tools, tools-sandbox: as e2e and sandbox, with programs that `npm test` does not ask for (`.ci/run` installs them).
 *
 * @type {Record<string, string[]>}
 */
const SURROUNDINGS = {
  wire: ['unshare', ...unshareOptions(), '--'],
  e2e: IN_SANDBOX,
  sandbox: [],
  tools: IN_SANDBOX,
  'tools-sandbox': [],
}
const DEFAULT_GROUPS = ['unit', 'wire', 'e2e', 'sandbox']

/** The groups whose jobs run beside each other, and how many at a time: a sandbox needs about 1 GB of memory. */
const IN_LANES = new Set(['e2e', 'sandbox', 'tools', 'tools-sandbox'])
const LANES = 2
const SLOWEST = 10

/** Looks at what all those before it left in the API server's log: runs at the end of each half. */
const LAST_OF_E2E = 'least-privilege.test.ts'

/** @param {string} folder */
function testFiles(folder) {
  return readdirSync(join(ROOT, 'test', folder))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', folder, file))
}

/** @param {string} group */
function filesOf(group) {
  if (group in SURROUNDINGS) return testFiles(group)
  const folders = readdirSync(join(ROOT, 'test'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  return folders.filter(({ name }) => !(name in SURROUNDINGS)).flatMap(({ name }) => testFiles(name))
}

/**
 * What one runner does: a group, or a part of it.
 *
 * @typedef {object} Job
 * @property {string} name
 * @property {string} group
 * @property {string[]} files
 */

/** @param {string} group @returns {Job[]} */
function jobsOf(group) {
  const files = filesOf(group)
  // `node --test` without files runs whatever it finds, `tsx --test` nothing, and both would pass.
  if (files.length === 0) throw new Error(`test group ${group} has no tests`)
  if (group !== 'e2e') return [{ name: group, group, files }]
  const others = files.filter((file) => basename(file) !== LAST_OF_E2E)
  const half = Math.ceil(others.length / 2)
  return [others.slice(0, half), others.slice(half)].map((part, index) => ({
    name: `e2e-${index + 1}`,
    group,
    files: [...part, join('test', group, LAST_OF_E2E)],
  }))
}

/** Runs one job; true when all its tests passed. @param {Job} job @param {boolean} isAlone @param {string} times */
async function runJob({ name, group, files }, isAlone, times) {
  // Node's own default leaves one processor idle, half of a small machine.
  const concurrency = group === 'unit' ? availableParallelism() : 1
  const runner = [
    process.execPath,
    '--import',
    'tsx',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-reporter=${isAlone ? 'tap' : 'spec'}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${TIMES_REPORTER}`,
    `--test-reporter-destination=${join(times, name)}`,
    ...files,
  ]
  const [program = '', ...args] = [...(SURROUNDINGS[group] ?? []), ...runner]
  const started = Date.now()
  process.stdout.write(`\n== ${name}: ${files.map((file) => basename(file, '.test.ts')).join(' ')}\n`)
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue
    createInterface(output).on('line', (line) => process.stdout.write(`${name} | ${line}\n`))
  }
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', resolve)
  })
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stdout.write(`== ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`)
  return status === 0
}

/** Runs all; returns the names of those that failed. @param {string[]} groups @param {string} times */
async function runAll(groups, times) {
  const jobs = groups.flatMap(jobsOf)
  const failed = /** @type {string[]} */ ([])
  /** @param {Job} job @param {boolean} isAlone */
  const run = async (job, isAlone) => {
    if (!(await runJob(job, isAlone, times))) failed.push(job.name)
  }
  for (const job of jobs.filter(({ group }) => !IN_LANES.has(group))) await run(job, true)
  const waiting = jobs.filter(({ group }) => IN_LANES.has(group))
  const isAlone = waiting.length === 1
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await run(job, isAlone)
  }
  await Promise.all(Array.from({ length: Math.min(LANES, availableParallelism()) }, lane))
  return failed
}

/** @param {string} times */
function tellSlowest(times) {
  const tests = readdirSync(times).flatMap((job) => readTimes(join(times, job)))
  const slowest = tests.sort((one, other) => other.seconds - one.seconds).slice(0, SLOWEST)
  process.stdout.write('\nslowest tests\n')
  for (const { seconds, file, name } of slowest)
    process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${file}: ${name}\n`)
}

async function main() {
  requireNode()
  process.env.PATH = SYSTEM_PATH
  const asked = process.argv.slice(2)
  const groups = asked.length > 0 ? asked : DEFAULT_GROUPS
  const unknown = groups.filter((group) => group !== 'unit' && !(group in SURROUNDINGS))
  if (unknown.length > 0)
    throw new StepFailed(`no test group ${unknown}: there are unit, ${Object.keys(SURROUNDINGS).join(', ')}`)
  if (groups.some((group) => group !== 'unit')) {
    await requirePrograms('nftables')
    requireNamespaces()
  }
  await prepare()
  const times = mkdtempSync(join(tmpdir(), 'typemetal-test-'))
  try {
    const failed = await runAll(groups, times)
    tellSlowest(times)
    if (failed.length > 0) process.stderr.write(`\nfailed: ${failed.join(', ')}\n`)
    process.exitCode = failed.length === 0 ? 0 : 1
  } finally {
    rmSync(times, { recursive: true })
  }
}

try {
  await main()
} catch (error) {
  const told = error instanceof MachineLacks || error instanceof StepFailed
  process.stderr.write(`test: ${told ? error.message : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
