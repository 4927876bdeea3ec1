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

const REMEDY =
  "A C++17 compiler is needed: sudo apt-get install g++ (or your distribution's package); CXX names another one."

/** What the addon depends on; the same stamp, the same addon. @param {string[]} command */
function stampOf(command) {
  const hash = createHash('sha256').update(JSON.stringify([command, process.arch]))
  hash.update(readFileSync(`${HEADERS}/package.json`))
  for (const file of readdirSync(SOURCES).sort()) hash.update(file).update(readFileSync(`${SOURCES}/${file}`))
  return hash.digest('hex')
}

export async function buildNative() {
  const sources = readdirSync(SOURCES).filter((file) => file.endsWith('.cc'))
  const extra = (process.env.CXXFLAGS ?? '').split(' ').filter(Boolean)
  const compiler = process.env.CXX || 'c++'
  const command = [compiler, ...OPTIONS, '-I', `${HEADERS}/include`, ...extra, ...sources]
  const stamp = stampOf(command)
  if (existsSync(ADDON) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return
  mkdirSync(`${ROOT}/dist`, { recursive: true })
  // A process that runs keeps the file it has loaded.
  const fresh = `${ADDON}.${process.pid}`
  try {
    await step('Compiling the native addon', () =>
      run(compiler, [...command.slice(1), '-o', fresh], { cwd: SOURCES, remedy: REMEDY }),
    )
    renameSync(fresh, ADDON)
  } finally {
    rmSync(fresh, { force: true })
  }
  writeFileSync(STAMP, stamp)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildNative()
