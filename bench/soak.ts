// `npm run soak -- --hours N`: the real programs under random creates, deletes, edits, failovers and outages of the API
// server, watched from the LAN and from the API. Rounds of a minute: at the end of each all is made whole, and then each
// address that a Service shows has to be answered by one machine, and no other address by any.
// Writes soak.json; `npm run bench -- report` makes docs/soak-result.md of it. Fails when something that must not be was seen.
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { AssignmentHistory } from '../test/e2e/assignment-history.ts'
import { advertisement, apply, eventually, get, kubectl, pool, web } from '../test/e2e/cluster.ts'
import { type Sighting, sightingsDuring, windowsOfTwo } from '../test/e2e/witness.ts'
import { Random } from '../test/simulation/random.ts'
import { outFolder, settings } from './settings.ts'
import { Deeds } from './soak-deeds.ts'
import { type Sample, sample } from './soak-samples.ts'

export interface SoakResult {
  readonly at: string
  readonly hours: number
  readonly seed: number
  readonly rounds: number
  readonly deeds: Readonly<Record<string, number>>
  /** How often this process was not run for more than 100 ms: what happened then may say something of the machine. */
  readonly stalls: number
  readonly violations: readonly string[]
  readonly samples: readonly Sample[]
}

const SETTINGS = settings({ hours: 1, seed: 0 })
const SEED = SETTINGS.seed || Math.floor(Math.random() * 2 ** 31)
const ROUND_MS = 60_000
const BETWEEN_MS = [500, 5000] as const
const SETTLE_MS = 8000
/** Of the end of a round: who is heard then has it. */
const LAST_MS = 1000
const SAMPLE_INTERVAL_MS = 10_000
const STALL_MS = 100
const TICK_MS = 10
/** Two windows of the LAN's witness are 200 ms: a handover falls into one, or two. */
const WINDOWS_ALLOWED = 2
const ADDRESSES = Array.from({ length: 40 }, (_, index) => `172.25.254.${100 + index}`)

interface ServiceList {
  items: { metadata: { name: string }; status: { loadBalancer?: { ingress?: { ip: string }[] } } }[]
}

const random = new Random(SEED)
const deeds = new Deeds(random, ADDRESSES)
const history = new AssignmentHistory()
const violations: string[] = []
const samples: Sample[] = []
const began = performance.now()
const hoursSince = (): number => (performance.now() - began) / 3_600_000
let stalls = 0
let round = 0

async function setUp(): Promise<void> {
  process.stdout.write(`${SETTINGS.hours} hours, seed ${SEED}\n`)
  await kubectl('label node node-4 node.kubernetes.io/exclude-from-external-load-balancers=')
  await apply(
    ...web('web', { replicas: 1 }),
    pool('lan', [`${ADDRESSES[0]}-${ADDRESSES.at(-1)}`]),
    advertisement('all'),
  )
  const nodeSelector = { 'kubernetes.io/hostname': 'node-4' }
  const pinned = { spec: { template: { spec: { nodeSelector } } } }
  await kubectl(`patch deployment web -p ${JSON.stringify(pinned)}`)
  await history.start()
  for (let index = 0; index < 8; index++) await deeds.create()
}

/** Assigned as the API server shows it, by address. */
async function assigned(): Promise<Map<string, string>> {
  const { items } = await get<ServiceList>('services -l!provider')
  return new Map(
    items.flatMap(({ metadata, status }) =>
      (status.loadBalancer?.ingress ?? []).map(({ ip }) => [ip, metadata.name] as const),
    ),
  )
}

async function disturb(): Promise<void> {
  for (const end = performance.now() + ROUND_MS; performance.now() < end;) {
    await deeds.one()
    await sleep(random.between(...BETWEEN_MS))
  }
  await deeds.mend()
  const everybody = [...deeds.services, 'web']
  await eventually('an address for each Service', async () => {
    const names = new Set((await assigned()).values())
    return everybody.every((name) => names.has(name))
  }).catch((error: Error) => complain(error.message))
  await sleep(SETTLE_MS)
}

function complain(text: string): void {
  violations.push(`round ${round}: ${text}`)
  process.stdout.write(`VIOLATION in round ${round}: ${text}\n`)
}

/** What the LAN saw in a round, and what it has to be at its end. */
function judge(sightings: readonly Sighting[], shown: ReadonlyMap<string, string>, endedAt: number): void {
  const two = windowsOfTwo(sightings)
  if (two > WINDOWS_ALLOWED)
    complain(`two machines answered for one address in ${two} windows of 100 ms on end`)
  const last = sightings.filter(({ at, kind }) => kind === 'reply' && at > endedAt - LAST_MS)
  for (const ip of ADDRESSES) {
    const macs = new Set(last.filter((each) => each.ip === ip).map(({ mac }) => mac))
    const service = shown.get(ip)
    if (service !== undefined && macs.size !== 1) complain(`${ip} of ${service} is answered by ${macs.size}`)
    if (service === undefined && macs.size > 0) complain(`${ip} is answered, and no Service shows it`)
  }
}

function judgeHistory(): void {
  for (const double of history.doubles) complain(double)
  for (const name of deeds.services) {
    const shown = new Set(history.of(name).filter((addresses) => addresses !== ''))
    if (shown.size > 1 && !deeds.moved.has(name)) complain(`${name} was given ${[...shown].join(', then ')}`)
  }
}

function watchTheMachine(): NodeJS.Timeout {
  let last = performance.now()
  return setInterval(() => {
    const now = performance.now()
    if (now - last > STALL_MS) stalls++
    last = now
  }, TICK_MS)
}

async function sampleOnAndOn(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    samples.push(...(await sample(hoursSince())))
    await sleep(SAMPLE_INTERVAL_MS, undefined, { signal }).catch(() => undefined)
  }
}

function record(): void {
  const result: SoakResult = {
    at: new Date().toISOString(),
    hours: hoursSince(),
    seed: SEED,
    rounds: round,
    deeds: Object.fromEntries(deeds.counts),
    stalls,
    violations,
    samples,
  }
  mkdirSync(outFolder(), { recursive: true })
  writeFileSync(`${outFolder()}/soak.json`, `${JSON.stringify(result)}\n`)
}

await setUp()
const ending = new AbortController()
const sampling = sampleOnAndOn(ending.signal)
const ticking = watchTheMachine()
while (hoursSince() < SETTINGS.hours) {
  round++
  let shown = new Map<string, string>()
  let endedAt = 0
  const sightings = await sightingsDuring(ADDRESSES, async () => {
    await disturb()
    shown = await assigned()
    endedAt = performance.timeOrigin + performance.now()
  })
  judge(sightings, shown, endedAt)
  process.stdout.write(
    `round ${round}, ${(hoursSince() * 60).toFixed(1)} minutes: ${deeds.services.size} Services, ${violations.length} violations, ${stalls} stalls\n`,
  )
  record()
}
judgeHistory()
ending.abort()
clearInterval(ticking)
await sampling
await history.stop()
record()
process.exit(violations.length === 0 ? 0 : 1)
