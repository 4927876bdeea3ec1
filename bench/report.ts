// `npm run bench -- report`: writes docs/benchmarks.md, docs/scale.md and docs/soak-result.md, with their plots, from the
// JSON of what was run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../scripts/checkout.mjs'
import { markdown, table } from '../scripts/generate/markdown.ts'
import { BENCHES } from './benches.mjs'
import { svgOf } from './chart.ts'
import { describeSettings, HEAD, type Result, rowsOf } from './result.ts'
import { scaleChart, scaleDocument } from './scale-document.ts'
import type { SoakResult } from './soak.ts'
import { soakDocuments } from './soak-document.ts'
import { outFolder } from './settings.ts'

/** Of the whole; without those that nobody has run, or that have failed. */
const results = Object.keys(BENCHES)
  .map((name) => join(outFolder(), `${name}.json`))
  .filter((path) => existsSync(path))
  .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Result)

function section(result: Result): string {
  const { bench, at, seconds, load, settings, versions } = result
  const commit = versions.typemetal ?? 'unknown'
  return [
    `## ${bench}`,
    `What it is: ${BENCHES[bench]?.about ?? ''}.`,
    `${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, ${seconds} s, load ${load.map((value) => value.toFixed(1)).join(' to ')}; ${describeSettings(settings)}.`,
    table(HEAD, rowsOf(result)),
  ].join('\n\n')
}

const WITH_OTHERS = [
  '## Beside another implementation',
  'A benchmark does the same with another implementation, by turns in the same cluster, and shows the ratio:',
  `\`\`\`
npm run bench -- failover --peer NAME=MANIFEST --program IMAGE=COMMAND --program IMAGE=COMMAND
\`\`\``,
  `Those that can: ${Object.keys(BENCHES)
    .filter((name) => BENCHES[name]?.peers)
    .map((name) => `\`${name}\``)
    .join(
      ', ',
    )}. Nothing of another project is here: one brings its manifest, in one file as \`kubectl apply\` takes it, and for each image in it a program that runs on this machine (readable by any user, as pods have users of their own); it gets the pod’s arguments, environment, files, user and capabilities ([the sandbox](sandbox.md)). What its DaemonSets run counts as its speaker, what its Deployments run as its controller; \`api-load\` counts the requests of ServiceAccounts in \`metallb-system\`. The pools and advertisements are MetalLB’s objects; who reads others has them in the manifest: 172.25.254.100 for \`reachable\` (and fd00:172:25:254::100 for \`neighbour\`), 10.99.0.0/16 for \`failover\`, 10.4.0.0/14 for the rest. Each turn installs one and takes the other away, with its webhooks and what it said of Services; its definitions and rights stay.`,
].join('\n\n')

function benchmarks(): string {
  const [first] = results
  if (first === undefined)
    throw new Error(`there are no results in ${outFolder()}: run \`npm run bench\` first`)
  const { machine, versions } = first
  const facts = { ...machine, ...versions }
  const shown = results.filter(({ bench }) => bench !== 'scale')
  const missing = Object.keys(BENCHES).filter(
    (name) => !BENCHES[name]?.onlyNamed && !results.some(({ bench }) => bench === name),
  )
  return [
    '# Benchmarks',
    '<!-- Written by `npm run bench -- report` from the results of a run: do not edit. -->',
    'Measured by `npm run bench` on one machine, in a [sandbox](sandbox.md) where a benchmark needs a cluster. How long something takes differs from machine to machine: look at `ours / it`, our median by the median of what is measured beside it in the same run, and at the goals, which nothing enforces. [Larger segments](scale.md) are simulated.',
    table(
      ['machine', ''],
      Object.entries(facts).map(([name, value]) => [name, String(value)]),
    ),
    ...(missing.length > 0 ? [`No result of: ${missing.join(', ')}.`] : []),
    ...shown.map(section),
    WITH_OTHERS,
  ].join('\n\n')
}

async function write(file: string, text: string): Promise<void> {
  writeFileSync(join(ROOT, file), file.endsWith('.md') ? await markdown(file, text) : text)
  process.stderr.write(`bench: wrote ${file}\n`)
}

const scale = results.find(({ bench }) => bench === 'scale')
const apiLoad = results.find(({ bench }) => bench === 'api-load')
const soak = join(outFolder(), 'soak.json')
if (results.some(({ bench }) => bench !== 'scale')) await write('docs/benchmarks.md', benchmarks())
if (scale !== undefined) {
  await write('docs/scale.svg', svgOf(scaleChart(scale)))
  await write('docs/scale.md', scaleDocument(scale, apiLoad))
}
if (existsSync(soak)) {
  const documents = soakDocuments(JSON.parse(readFileSync(soak, 'utf8')) as SoakResult)
  for (const [file, text] of documents) await write(`docs/${file}`, text)
}
