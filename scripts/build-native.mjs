// Compiles native/ to dist/typemetal.node, with the compiler alone: no node-gyp, no Python, no downloaded headers
// (those of the npm package node-api-headers serve every Node from 20 on). Does nothing when nothing changed.
// CXX names another compiler, CXXFLAGS adds options.
// @ts-check
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ROOT } from './checkout.mjs'
import { run, step } from './progress.mjs'

const SOURCES = `${ROOT}/native`
const HEADERS = `${ROOT}/node_modules/node-api-headers`
const ADDON = `${ROOT}/dist/typemetal.node`
const STAMP = `${ADDON}.stamp`

const OPTIONS =
  `-std=c++17 -O2 -Wall -Wextra -pthread -shared -fPIC -fvisibility=hidden -DNAPI_VERSION=8`.split(' ')

/** Node's name of an architecture -> the compiler for it on another one, by the name that Debian gives it. */
const CROSS_COMPILERS = { x64: 'x86_64-linux-gnu-g++', arm64: 'aarch64-linux-gnu-g++' }
/** @typedef {keyof typeof CROSS_COMPILERS} Arch */

const REMEDY =
  "A C++17 compiler is needed: sudo apt-get install g++ (or your distribution's package); CXX names another one."

/** What the addon depends on; the same stamp, the same addon. @param {string[]} command */
function stampOf(command) {
  const hash = createHash('sha256').update(JSON.stringify([command, process.arch]))
  hash.update(readFileSync(`${HEADERS}/package.json`))
  for (const file of readdirSync(SOURCES).sort()) hash.update(file).update(readFileSync(`${SOURCES}/${file}`))
  return hash.digest('hex')
}

/** The whole command but for where the addon goes. @param {string} compiler */
function commandOf(compiler) {
  const sources = readdirSync(SOURCES).filter((file) => file.endsWith('.cc'))
  const extra = (process.env.CXXFLAGS ?? '').split(' ').filter(Boolean)
  return [compiler, ...OPTIONS, '-I', `${HEADERS}/include`, ...extra, ...sources]
}

/** @param {string[]} command @param {string} addon */
async function compile([compiler = '', ...args], addon) {
  await step('Compiling the native addon', () =>
    run(compiler, [...args, '-o', addon], { cwd: SOURCES, remedy: REMEDY }),
  )
}

export async function buildNative() {
  const command = commandOf(process.env.CXX || 'c++')
  const stamp = stampOf(command)
  if (existsSync(ADDON) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return
  mkdirSync(`${ROOT}/dist`, { recursive: true })
  // A process that runs keeps the file it has loaded.
  const fresh = `${ADDON}.${process.pid}`
  try {
    await compile(command, fresh)
    renameSync(fresh, ADDON)
  } finally {
    rmSync(fresh, { force: true })
  }
  writeFileSync(STAMP, stamp)
}

/** Compiles for a machine that may be of another kind than this, to the file `addon`. @param {Arch} arch @param {string} addon */
export async function buildNativeFor(arch, addon) {
  const compiler = arch === process.arch ? 'c++' : CROSS_COMPILERS[arch]
  await compile([...commandOf(process.env.CXX || compiler), '-s'], addon)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildNative()
