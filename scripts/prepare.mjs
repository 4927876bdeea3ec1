// Brings a fresh clone to the point where it runs: npm packages, native addon, bundles. Does only what is missing.
// Plain JavaScript without dependencies, because it runs before they are there.
// @ts-check
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ROOT } from './checkout.mjs'
import { run, step } from './progress.mjs'

const OLDEST_NODE = [20, 19]

/** Throws unless this Node is one that the project supports. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = OLDEST_NODE
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    throw new Error(
      `Node ${process.versions.node} is too old: Typemetal needs Node ${OLDEST_NODE.join('.')} or newer.`,
    )
  }
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }>} */
function lockedPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {}
}

/** Whether node_modules holds what the lock file says, without asking npm (which takes a second). */
function packagesInstalled() {
  const installed = lockedPackages(`${ROOT}/node_modules/.package-lock.json`)
  return Object.entries(lockedPackages(`${ROOT}/package-lock.json`)).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  )
}

/** Installs packages, compiles the addon, bundles the programs: each only if missing or out of date. */
export async function prepare() {
  if (!packagesInstalled()) {
    await step('Installing npm packages (npm ci)', () =>
      run('npm', ['ci', '--no-audit', '--no-fund'], {
        cwd: ROOT,
        remedy: 'Is the npm registry reachable? `npm config get registry` names it.',
      }),
    )
  }
  const { buildNative } = await import('./build-native.mjs')
  await buildNative()
  const { bundle } = await import('./bundle.mjs')
  await bundle()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  requireNode()
  await prepare()
}
