// The files of the image, but for Node and the C++ library: what deploy/Dockerfile runs in its build stage.
//   node scripts/image.mjs FOLDER [amd64|arm64]
// Needs the packages of `npm ci`, and a C++ compiler for the architecture that is named (else: this machine's).
// @ts-check
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { buildNativeFor } from './build-native.mjs'
import { bundle, IMAGE_PROGRAMS } from './bundle.mjs'
import { ROOT } from './checkout.mjs'
import { partsOf, sbom } from './parts-list.mjs'
import { StepFailed } from './progress.mjs'

/** The architectures of images, and Node's names for them. @type {Record<string, import('./build-native.mjs').Arch>} */
const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' }

/** @param {string} folder @param {string} architecture */
async function imageFiles(folder, architecture) {
  const arch = ARCHITECTURES[architecture]
  if (arch === undefined) {
    throw new StepFailed(`${architecture}: there are images for ${Object.keys(ARCHITECTURES).join(' and ')}`)
  }
  mkdirSync(folder, { recursive: true })
  const sources = await bundle(IMAGE_PROGRAMS)
  const programs = Object.keys(IMAGE_PROGRAMS).map((name) => `${name}.js`)
  for (const file of [...programs, 'main.js.LEGAL.txt'])
    copyFileSync(`${ROOT}/dist/${file}`, `${folder}/${file}`)
  copyFileSync(`${ROOT}/LICENSE`, `${folder}/LICENSE`)
  await buildNativeFor(arch, `${folder}/typemetal.node`)
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'))
  const parts = partsOf(programs.flatMap((file) => sources.get(`dist/${file}`) ?? []))
  writeFileSync(`${folder}/sbom.cdx.json`, `${JSON.stringify(sbom(parts, version), null, 2)}\n`)
}

const [folder, architecture = process.arch === 'x64' ? 'amd64' : process.arch] = process.argv.slice(2)
try {
  if (folder === undefined) throw new StepFailed('node scripts/image.mjs FOLDER [amd64|arm64]')
  await imageFiles(folder, architecture)
} catch (error) {
  if (!(error instanceof StepFailed)) throw error
  process.stderr.write(`image: ${error.message}\n`)
  process.exitCode = 1
}
