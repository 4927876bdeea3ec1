// Writes what follows from other files: the types of crds/, the manifest of deploy/ in one file, the chart's manifests,
// the tables of metrics and of reasons.
//   npm run generate              writes
//   npm run generate -- --check   writes nothing; exits 1 and names the files that differ
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './checkout.mjs'
import { apiTypes } from './generate/api-types.ts'
import { CHART_FILES, chartFiles } from './generate/chart.ts'
import { manifest } from './generate/manifest.ts'
import { metricsDocs } from './generate/metrics-docs.ts'
import { reasonsDocs } from './generate/reasons-docs.ts'

/** Folders that hold generated files and nothing else: what nobody makes any more goes. */
const WHOLE_FOLDERS = ['src/api/generated', CHART_FILES, `${CHART_FILES}/crds`]

const expected = new Map([
  ...(await apiTypes()),
  ...manifest(),
  ...chartFiles(),
  ...(await metricsDocs()),
  ...(await reasonsDocs()),
])

function present(file: string): string | undefined {
  const path = join(ROOT, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function filesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name))
}

const leftOver = WHOLE_FOLDERS.flatMap((folder) => filesIn(folder)).filter((file) => !expected.has(file))
const drifted = [...expected.keys()].filter((file) => expected.get(file) !== present(file)).concat(leftOver)

if (process.argv.includes('--check')) {
  for (const file of drifted)
    console.error(`${file} does not follow from its sources: run \`npm run generate\``)
  process.exitCode = drifted.length === 0 ? 0 : 1
} else {
  for (const file of drifted) {
    const text = expected.get(file)
    mkdirSync(dirname(join(ROOT, file)), { recursive: true })
    if (text === undefined) rmSync(join(ROOT, file))
    else writeFileSync(join(ROOT, file), text)
  }
}
