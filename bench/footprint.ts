// What the programs cost when nothing happens: memory and CPU, with no Service and with thousands, which the one speaker of
// the cluster all announces. The floor is Node with less of our program in it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import { ROOT } from '../scripts/checkout.mjs'
import { advertisement, apply, pool } from '../test/e2e/cluster.ts'
import { DEFAULT_SETTINGS } from '../src/election/index.ts'
import { allAssigned, createAnnounced, names, stopWatching, watchServices } from './assignments.ts'
import { type Contender, inTurns, type Role, ROLES, vacate } from './contender.ts'
import { Figures, OURS } from './figures.ts'
import { costOf } from './process-cost.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({ services: 5000, settleSeconds: 150, idleSeconds: 20 })
/** With nothing to announce it is over sooner what a start brings. */
const SETTLE_NONE_MS = 20_000

const none = 'no Service'
const many = `${SETTINGS.services} Services`
type Quantity = `${Role}: ${'memory' | 'CPU'}, ${'none' | 'many'}`

const figures = new Figures<Quantity>({
  'controller: memory, none': { what: `controller, ${none}`, unit: 'MB resident', goal: 'below 80' },
  'controller: memory, many': { what: `controller, ${many}`, unit: 'MB resident' },
  'controller: CPU, none': { what: `controller, ${none}, idle`, unit: '% of a core' },
  'controller: CPU, many': { what: `controller, ${many}, idle`, unit: '% of a core' },
  'speaker: memory, none': { what: `speaker, ${none}`, unit: 'MB resident', goal: 'below 80' },
  'speaker: memory, many': { what: `speaker, ${many}`, unit: 'MB resident', goal: 'below 130' },
  'speaker: CPU, none': { what: `speaker, ${none}, idle`, unit: '% of a core', goal: 'below 1' },
  'speaker: CPU, many': { what: `speaker, ${many}, idle`, unit: '% of a core', goal: 'below 1' },
})

/** A sample for each process: of the controller there are two replicas. */
async function measure(contender: Contender, services: 'none' | 'many'): Promise<void> {
  // Of thousands of addresses the first announcements alone take two minutes, and the writes about them.
  await sleep(services === 'none' ? SETTLE_NONE_MS : SETTINGS.settleSeconds * 1000)
  const before = new Map(contender.processes.map((pid) => [pid, costOf([pid]).cpuSeconds]))
  await sleep(SETTINGS.idleSeconds * 1000)
  for (const role of ROLES) {
    for (const pid of contender.processesOf(role)) {
      const { cpuSeconds, residentMb } = costOf([pid])
      const cpu = cpuSeconds - (before.get(pid) ?? Number.NaN)
      figures.add(`${role}: memory, ${services}`, contender.name, residentMb)
      figures.add(`${role}: CPU, ${services}`, contender.name, (100 * cpu) / SETTINGS.idleSeconds)
    }
  }
}

interface Manifest {
  readonly kind: string
  readonly spec: {
    template: { spec: { containers: { env: { name: string; value?: string }[] }[] } }
  }
}

/** What our manifest says to the C library of a speaker, as it is said to the floor. */
function speakerEnvironment(): Record<string, string> {
  const documents = parseAllDocuments(readFileSync(`${ROOT}/deploy/speaker.yaml`, 'utf8'))
  const objects = documents.map((document) => document.toJS() as Manifest)
  const speaker = objects.find(({ kind }) => kind === 'DaemonSet')
  const variables = speaker?.spec.template.spec.containers[0]?.env ?? []
  return Object.fromEntries(
    variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  )
}

/** What `measured` finds of a process that does nothing but what `script` says. */
async function floor<T>(script: string, measured: (pid: number) => T | Promise<T>): Promise<T> {
  const idle = `${script}; setInterval(() => {}, 1e6)`
  const env = { ...process.env, ...speakerEnvironment() }
  const child = spawn(process.execPath, ['--input-type=module', '-e', idle], { stdio: 'ignore', env })
  await sleep(3000)
  const value = await measured(child.pid ?? 0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  return value
}

const memory = (pid: number): number => costOf([pid]).residentMb

async function idleCpu(pid: number): Promise<number> {
  const before = costOf([pid]).cpuSeconds
  await sleep(SETTINGS.idleSeconds * 1000)
  return (100 * (costOf([pid]).cpuSeconds - before)) / SETTINGS.idleSeconds
}

const imported = `await import(${JSON.stringify(`${ROOT}/dist/main.js`)})`
const worker = `new (await import('node:worker_threads')).Worker('setInterval(() => {}, 1e6)', { eval: true })`
const bare = await floor('0', memory)
const bundle = await floor(imported, memory)
figures.add('controller: memory, none', 'floor: bare Node', bare)
figures.add('controller: memory, none', 'floor: the program imported', bundle)
figures.add('speaker: memory, none', 'floor: bare Node', bare)
figures.add('speaker: memory, none', 'floor: the program imported', bundle)
figures.add('speaker: memory, none', 'floor: and a worker', await floor(`${imported}; ${worker}`, memory))
const waking = await floor(`setInterval(() => {}, ${DEFAULT_SETTINGS.helloInterval})`, idleCpu)
figures.add('speaker: CPU, none', 'floor: Node that wakes as often', waking)

await apply(pool('bench', ['10.4.0.0/14']), advertisement('all', { interfaces: ['eth0'] }))
await watchServices()
await inTurns(1, { onlyController: false }, ({ contender }) => measure(contender, 'none'))
const all = names('held', SETTINGS.services)
await vacate()
await createAnnounced(all)
await inTurns(1, { onlyController: false }, async ({ contender }) => {
  await allAssigned(all)
  // The others find them assigned when they start; so does ours.
  if (contender.name === OURS) await contender.reinstall()
  await measure(contender, 'many')
})
await stopWatching()
conclude('footprint', SETTINGS, figures)
process.exit()
