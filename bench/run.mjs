// `npm run bench`: runs benchmarks, each in the surroundings it needs; one that fails does not stop the others.
// Plain JavaScript without dependencies, because it runs before they are there.
// @ts-check
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BENCHES } from './benches.mjs'
import { ROOT } from '../scripts/checkout.mjs'
import { prepare, requireNode } from '../scripts/prepare.mjs'
import { StepFailed } from '../scripts/progress.mjs'
import { MachineLacks, SYSTEM_PATH, requireNamespaces, requirePrograms } from '../sandbox/machine.mjs'

const USAGE = `npm run bench                            all benchmarks but the last four, under 30 minutes on 2 cores
npm run bench -- NAME… [options]         only these
npm run bench -- report                  docs/benchmarks.md and docs/scale.md, from the results that are there

options
  --out DIR                 where the results go, as JSON (bench/results)
  --record                  afterwards also what \`report\` does
  --peer NAME=MANIFEST      does the same with another implementation, by turns: its manifest, as kubectl applies it (repeatable)
  --program IMAGE=COMMAND   pods whose image begins with IMAGE run COMMAND: the programs of a peer (repeatable)
  --SETTING=VALUE           a setting of the one benchmark that is named; its table lists them

benchmarks
${Object.entries(BENCHES)
  .map(([name, { about, peers }]) => `  ${name.padEnd(12)} ${about}${peers ? ' *' : ''}`)
  .join('\n')}
  * with --peer, too
`

/**
 * @typedef {object} Order
 * @property {string[]} names
 * @property {string} out
 * @property {boolean} record
 * @property {string[]} peers  `NAME=MANIFEST`, the manifest's path absolute
 * @property {string[]} programs
 * @property {string[]} settings  `--NAME=VALUE`
 */

/** @param {string[]} args @returns {Order} */
function parse(args) {
  /** @type {Order} */
  const order = {
    names: [],
    out: `${ROOT}/bench/results`,
    record: false,
    peers: [],
    programs: [],
    settings: [],
  }
  const rest = args.values()
  for (const given of rest) {
    const [, arg = given, inline] = /^(--(?:out|peer|program))=(.*)$/s.exec(given) ?? []
    const value = () => inline ?? rest.next().value ?? fail(`${arg} needs a value`)
    if (arg === '--help') fail()
    else if (arg === '--out') order.out = resolve(value())
    else if (arg === '--record') order.record = true
    else if (arg === '--peer') order.peers.push(peer(value()))
    else if (arg === '--program') order.programs.push(value())
    else if (/^--[\w-]+=/.test(arg)) order.settings.push(arg)
    else if (arg.startsWith('-')) fail(`${arg}: settings are given as --NAME=VALUE`)
    else if (arg === 'report' || arg in BENCHES) order.names.push(arg)
    else fail(`there is no benchmark ${arg}`)
  }
  if (order.settings.length > 0 && order.names.length !== 1)
    fail(`${order.settings[0]}: which benchmark's setting is that? Name one`)
  const alone = order.names.find((name) => name !== 'report' && !BENCHES[name]?.peers)
  if (order.peers.length > 0 && alone !== undefined) fail(`${alone} cannot run another implementation`)
  for (const each of order.peers) requireProgramsOf(each, order.programs)
  return order
}

/** @param {string} text `NAME=MANIFEST` @returns {string} */
function peer(text) {
  const [, name = '', manifest = ''] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text) ?? []
  if (name === '') fail(`--peer ${text}: expected NAME=MANIFEST, NAME of small letters, digits and dashes`)
  return `${name}=${resolve(manifest)}`
}

/**
 * Ends with a sentence unless each image of the manifest has its program: a pod without one would run, do nothing, and be
 * waited for.
 *
 * @param {string} peer  `NAME=MANIFEST` @param {string[]} programs  `IMAGE=COMMAND`
 */
function requireProgramsOf(peer, programs) {
  const manifest = peer.slice(peer.indexOf('=') + 1)
  if (!existsSync(manifest)) fail(`--peer ${peer}: there is no such file`)
  const images = readFileSync(manifest, 'utf8').matchAll(/^[ \t-]*image:[ \t]*["']?([^\s"']+)/gm)
  for (const [, image = ''] of images) {
    if (programs.some((each) => image.startsWith(each.slice(0, each.indexOf('='))))) continue
    fail(`--peer ${peer}: no program for its image ${image}: add --program ${image}=COMMAND`)
  }
}

/** @param {string} [reason] @returns {never} */
function fail(reason) {
  process.stderr.write(`${reason === undefined ? '' : `bench: ${reason}\n\n`}${USAGE}`)
  process.exit(reason === undefined ? 0 : 2)
}

/**
 * One file of JavaScript, as the product is one: what is loaded through tsx is half as fast where it calls small functions.
 *
 * @param {string} name
 */
async function bundled(name) {
  const { build } = await import('esbuild')
  const source = `${ROOT}/bench/${name}.ts`
  const outfile = `${ROOT}/dist/bench/${name}.js`
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // Files are found from where they were.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(source).href) },
    logLevel: 'warning',
  })
  return outfile
}

/** True when it ended well, and in time. @param {string} name @param {Order} order */
async function run(name, { out, peers, programs, settings }) {
  const { sandbox, isBundled, peers: takesPeers, limitMinutes = 1 } = BENCHES[name] ?? {}
  const withPeers = takesPeers ? peers.map((each) => `--peer=${each}`) : []
  const program = isBundled ? [await bundled(name)] : ['--import', 'tsx', `bench/${name}.ts`]
  const bench = [process.execPath, ...program, `--out=${out}`, ...withPeers, ...settings]
  const around = [process.execPath, 'sandbox/run.mjs', 'exec', ...(sandbox ?? [])]
  for (const each of programs) around.push('--program', each)
  const [command = '', ...args] = sandbox === undefined ? bench : [...around, '--', ...bench]
  rmSync(`${out}/${name}.json`, { force: true })
  const started = Date.now()
  const limitMs = limitMinutes * 60_000 * (1 + withPeers.length)
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', timeout: limitMs })
  const seconds = Math.round((Date.now() - started) / 1000)
  const outcome = status === 0 ? 'done' : `FAILED (${error?.message ?? `exit code ${status}`})`
  process.stderr.write(`bench: ${name}: ${outcome} after ${seconds} s\n`)
  return status === 0
}

function report(/** @type {string} */ out) {
  const args = ['--import', 'tsx', 'bench/report.ts', `--out=${out}`]
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }).status === 0
}

async function main() {
  requireNode()
  process.env.PATH = SYSTEM_PATH
  const order = parse(process.argv.slice(2))
  const wanted = order.names.filter((name) => name !== 'report')
  const all = Object.keys(BENCHES).filter((name) => !BENCHES[name]?.onlyNamed)
  const names = order.names.length === 0 ? all : wanted
  if (names.length > 0) {
    await requirePrograms('nftables')
    requireNamespaces()
  }
  await prepare()
  mkdirSync(order.out, { recursive: true })
  const failed = []
  for (const name of names) if (!(await run(name, order))) failed.push(name)
  if (order.record || order.names.includes('report')) {
    if (!report(order.out)) failed.push('report')
  }
  if (failed.length > 0) process.stderr.write(`bench: failed: ${failed.join(', ')}\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

try {
  await main()
} catch (error) {
  const told = error instanceof MachineLacks || error instanceof StepFailed
  process.stderr.write(`bench: ${told ? error.message : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
