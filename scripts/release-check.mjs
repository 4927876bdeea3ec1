// `npm run release-check`: everything that has to hold of a release, in one command; ends with 1 if something does not.
//   npm run release-check -- [--without-tests]
// What cannot be looked at here is named, and is then for the releaser to look at.
// @ts-check
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { IMAGE_PROGRAMS, bundle } from './bundle.mjs'
import { ROOT } from './checkout.mjs'
import { goTool } from './go-tool.mjs'
import { partsOf } from './parts-list.mjs'
import { minutes } from './progress.mjs'

const CHART = 'deploy/helm/typemetal'

/** Of what may be in the image: they ask for no more than to be named. */
const LICENSES = new Set(
  '0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause BlueOak-1.0.0 ISC MIT Unlicense'.split(' '),
)

/** It cannot be looked at on this machine; `message` says why. */
class NotHere extends Error {}

/** @param {string} file @param {string[]} args @param {string} [cwd] what it prints, if it ends well */
function output(file, args, cwd = ROOT) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(
    [`${file} ${args.join(' ')} failed`, error?.message, stdout, stderr].filter(Boolean).join('\n'),
  )
}

/** @param {string[]} args */
function npm(...args) {
  const { status } = spawnSync('npm', ['run', '--silent', ...args], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error(`npm run ${args.join(' ')} failed`)
}

function committed() {
  const changes = output('git', ['status', '--porcelain'])
  if (changes !== '') throw new Error(`not committed:\n${changes}`)
}

/** Package, chart, and the image that the manifests name. */
function oneVersion() {
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'))
  const [chart] = parseAllDocuments(readFileSync(`${ROOT}/${CHART}/Chart.yaml`, 'utf8'))
  const found = {
    'Chart.yaml version': chart?.get('version'),
    'Chart.yaml appVersion': chart?.get('appVersion'),
  }
  const expected = { 'Chart.yaml version': version, 'Chart.yaml appVersion': `v${version}` }
  const images = readFileSync(`${ROOT}/deploy/typemetal.yaml`, 'utf8').matchAll(/image: \S+:(\S+)/g)
  const others = [...images].map(([, tag]) => tag).filter((tag) => tag !== `v${version}`)
  if (JSON.stringify(found) !== JSON.stringify(expected) || others.length > 0) {
    throw new Error(`package.json says ${version}; ${JSON.stringify(found)}; images in deploy/: ${others}`)
  }
}

/** @param {string} architecture @param {string} compiler */
function imageFiles(architecture, compiler) {
  if (spawnSync(compiler, ['--version']).error) throw new NotHere(`there is no ${compiler}`)
  const folder = mkdtempSync(join(tmpdir(), 'typemetal-release-'))
  try {
    output(process.execPath, ['scripts/image.mjs', folder, architecture])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function chart() {
  const helm = await goTool('helm')
  const said = output(helm, ['lint', '--strict', CHART])
  if (/WARNING|ERROR/.test(said)) throw new Error(said)
  const folder = mkdtempSync(join(tmpdir(), 'typemetal-chart-'))
  try {
    output(helm, ['package', CHART, '--destination', folder])
    if (readdirSync(folder).length !== 1) throw new Error('helm package made no chart')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function licenses() {
  const sources = await bundle(IMAGE_PROGRAMS)
  const strangers = partsOf([...sources.values()].flat()).filter(({ license }) => !LICENSES.has(license))
  if (strangers.length > 0) {
    throw new Error(
      strangers.map(({ name, license }) => `${name}: ${license || 'names no licence'}`).join('\n'),
    )
  }
}

function audit() {
  const { status, stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  /** @type {{ error?: { summary?: string }, message?: string, vulnerabilities?: Record<string, object> }} */
  const report = JSON.parse(stdout || '{}')
  if (report.vulnerabilities === undefined) {
    throw new NotHere(
      `the registry does not say what is vulnerable (${report.error?.summary || report.message})`,
    )
  }
  if (status !== 0) throw new Error(`vulnerable: ${Object.keys(report.vulnerabilities).join(', ')}`)
}

/** The base images by their content: a tag may be given to another tomorrow. */
function pinnedImages() {
  const bases = readFileSync(`${ROOT}/deploy/Dockerfile`, 'utf8').matchAll(/^ARG \w+_IMAGE=(\S+)/gm)
  const loose = [...bases].map(([, image = '']) => image).filter((image) => !image.includes('@sha256:'))
  if (loose.length > 0) throw new NotHere(`build with the digests of ${loose.join(' and ')} (--build-arg)`)
}

/** @type {Record<string, () => unknown>} */
const CHECKS = {
  'everything is committed': committed,
  'one version everywhere': oneVersion,
  build: () => npm('build'),
  'format, types, lint, unused code, drift': () => npm('check'),
  'licences of what is in the image': licenses,
  'known vulnerabilities': audit,
  'files of the image for amd64': () =>
    imageFiles('amd64', process.arch === 'x64' ? 'c++' : 'x86_64-linux-gnu-g++'),
  'files of the image for arm64': () =>
    imageFiles('arm64', process.arch === 'arm64' ? 'c++' : 'aarch64-linux-gnu-g++'),
  'base images by their digests': pinnedImages,
  chart,
}
const TESTS = { tests: () => npm('test'), 'tests with tools': () => npm('test:tools') }

const checks = process.argv.includes('--without-tests') ? CHECKS : { ...CHECKS, ...TESTS }
/** @type {string[]} */
const lines = []
for (const [what, check] of Object.entries(checks)) {
  const started = Date.now()
  const told = (/** @type {string} */ outcome) =>
    lines.push(`${outcome} ${what} (${minutes(Date.now() - started)})`)
  process.stdout.write(`--- ${what}\n`)
  try {
    await check()
    told('ok      ')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stdout.write(`${message}\n`)
    if (error instanceof NotHere) told(`by hand ${message}:`)
    else {
      told('FAILED  ')
      process.exitCode = 1
    }
  }
}
process.stdout.write(`\n${lines.join('\n')}\n`)
