// `npm test`: prepares what is missing, then runs the tests in their groups, each where it can run.
//   node scripts/test.mjs [GROUP…]
// Plain JavaScript without dependencies, because it runs before they are there.
// @ts-check
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { ROOT } from './checkout.mjs'
import { prepare, requireNode } from './prepare.mjs'
import { StepFailed } from './progress.mjs'
import {
  MachineLacks,
  SYSTEM_PATH,
  requireNamespaces,
  requirePrograms,
  unshareOptions,
} from '../sandbox/machine.mjs'

const IN_SANDBOX = [process.execPath, 'sandbox/run.mjs', 'exec', '--audit', '--']

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

/** Runs a group; true when all its tests passed. @param {string} group */
function runGroup(group) {
  const files = filesOf(group)
  // `node --test` without files runs whatever it finds, `tsx --test` nothing, and both would pass.
  if (files.length === 0) throw new Error(`test group ${group} has no tests`)
  // Node's own default leaves one processor idle, half of a small machine.
  const concurrency = group === 'unit' ? availableParallelism() : 1
  const runner = [
    process.execPath,
    '--import',
    'tsx',
    '--test',
    `--test-concurrency=${concurrency}`,
    ...files,
  ]
  const [program = '', ...args] = [...(SURROUNDINGS[group] ?? []), ...runner]
  const started = Date.now()
  process.stdout.write(`\n== ${group}: ${files.map((file) => basename(file, '.test.ts')).join(' ')}\n`)
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' })
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stdout.write(`== ${group}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`)
  return status === 0
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
  const failed = groups.filter((group) => !runGroup(group))
  if (failed.length > 0) process.stderr.write(`\nfailed: ${failed.join(', ')}\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

try {
  await main()
} catch (error) {
  const told = error instanceof MachineLacks || error instanceof StepFailed
  process.stderr.write(`test: ${told ? error.message : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
