// `npm run sandbox`: prepares what a fresh clone lacks, then hands over to the launcher.
// Plain JavaScript without dependencies, because it runs before they are there.
// @ts-check
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MachineLacks, SYSTEM_PATH, requireNamespaces, requirePrograms } from './machine.mjs'
import { USAGE, UsageError, parseOptions } from './options.mjs'
import { CACHE, controlPlanePrograms } from './programs.mjs'
import { ROOT } from '../scripts/checkout.mjs'
import { prepare, requireNode } from '../scripts/prepare.mjs'
import { StepFailed } from '../scripts/progress.mjs'

process.env.PATH = SYSTEM_PATH

/** Two sandboxes started at once must not both install and build: the second waits here. */
function underLock() {
  mkdirSync(CACHE, { recursive: true })
  const self = fileURLToPath(import.meta.url)
  const lock = join(CACHE, 'prepare.lock')
  const { status } = spawnSync('flock', [lock, process.execPath, self, '--prepare'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) process.exit(1)
}

async function main() {
  requireNode()
  const args = process.argv.slice(2)
  if (args[0] === '--prepare') {
    await prepare()
    await controlPlanePrograms()
    return
  }
  const options = parseOptions(args)
  if (options === 'help') {
    process.stdout.write(USAGE)
    return
  }
  await requirePrograms(options.proxyMode)
  requireNamespaces()
  underLock()
  const { launch } = await import(join(ROOT, 'dist/sandbox/launcher.js'))
  process.exitCode = await launch(options, await controlPlanePrograms())
}

try {
  await main()
} catch (error) {
  const told = error instanceof MachineLacks || error instanceof StepFailed || error instanceof UsageError
  process.stderr.write(`sandbox: ${told ? error.message : error instanceof Error ? error.stack : error}\n`)
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`)
  process.exitCode = 1
}
