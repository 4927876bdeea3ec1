// `npm run soak:wire`: the wire under a storm of foreign ARP for ten minutes. Fails when memory or descriptors grow, a
// frame is lost, or an answer is missing.
// A run of the default length is recorded in docs/soak.md.
//   node --import tsx bench/soak-wire.ts [SECONDS]
import { readdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { bootTime, LinkWatcher, Responder } from '../src/wire/index.ts'
import { layCable } from '../test/wire/cable.ts'
import { inNamespace } from './load.ts'
import { recordSoak, surroundings } from './soak-record.ts'

const DEFAULT_SECONDS = 600
const SECONDS = Number(process.argv[2] ?? DEFAULT_SECONDS)
const FOREIGN_RATE = 20_000
const HELD = 1000
const ASKED_RATE = 100
const FIRST_HELD = 0x0a_00_00_00n
const FIRST_HELD_TEXT = '10.0.0.0'
const FIRST_FOREIGN_TEXT = '10.1.0.0'
const FOREIGN = 65_000

/** As a speaker does. */
const RENEW_INTERVAL_MS = 100
const VALID_MS = 1000
const COUNT_INTERVAL_MS = 5000

const MOST_MEMORY = 1.05

interface Footprint {
  readonly residentBytes: number
  readonly descriptors: number
}

const footprint = (): Footprint => ({
  residentBytes: process.memoryUsage.rss(),
  descriptors: readdirSync('/proc/self/fd').length,
})

await inNamespace(import.meta.url, async (load) => {
  const [loadBefore = 0] = loadavg()
  const cable = layCable()
  const responder = new Responder({ onObservations: () => {} })
  const watcher = new LinkWatcher({
    onLinks: () => responder.listenOn([cable.link()]),
    onError: (error) => {
      throw error
    },
  })
  watcher.start()
  const { index } = cable.link()
  const held = Array.from({ length: HELD }, (_, n) => ({
    address: { family: 'IPv4' as const, value: FIRST_HELD + BigInt(n) },
    interfaceIndexes: [index],
  }))
  responder.install({ held, watched: [] })
  responder.resume(bootTime() + VALID_MS)
  let lapses = 0
  const timers = [
    setInterval(() => {
      if (responder.extend(bootTime() + VALID_MS)) return
      lapses++
      responder.resume(bootTime() + VALID_MS)
    }, RENEW_INTERVAL_MS),
    setInterval(() => responder.counters(), COUNT_INTERVAL_MS),
  ]

  const storm = load(cable.namespace, FIRST_FOREIGN_TEXT, FOREIGN, 'storm', FOREIGN_RATE, SECONDS)
  const asking = load(cable.namespace, FIRST_HELD_TEXT, HELD, 'paced', ASKED_RATE, SECONDS - 1)
  await sleep((SECONDS / 10) * 1000)
  const early = footprint()
  await sleep((SECONDS * 0.9 - 2) * 1000)
  const late = footprint() // while both generators still run: they have descriptors here, too
  const [foreign = 0] = await storm
  const [asked = 0, answered = 0, p50, p99, longest] = await asking
  const { frames, losses } = responder.counters()
  const usage = process.resourceUsage()

  for (const timer of timers) clearInterval(timer)
  watcher.stop()
  responder.stop()
  cable.remove()

  const growth = late.residentBytes / early.residentBytes
  const processor = (usage.userCPUTime + usage.systemCPUTime) / 1e6 / SECONDS
  const table = [
    '| what | found | wanted |',
    '| --- | ---: | --- |',
    `| foreign frames | ${foreign}, ${Math.round(foreign / SECONDS)} a second | ${FOREIGN_RATE} a second |`,
    `| of them judged | ${frames.notHeld ?? 0} | all |`,
    `| frames lost, the ring being full | ${losses.ringFull} | 0 |`,
    `| answers | ${answered} of ${asked} | all |`,
    `| answered after, p50, p99, at most | ${p50}, ${p99}, ${longest} µs | |`,
    `| lapses of the process | ${lapses} | 0 |`,
    `| resident after a tenth of the time | ${mebibytes(early)} MiB | |`,
    `| resident at the end | ${mebibytes(late)} MiB, ${(100 * growth).toFixed(1)} % | at most ${100 * MOST_MEMORY} % |`,
    `| descriptors after a tenth, at the end | ${early.descriptors}, ${late.descriptors} | the same |`,
    `| processor | ${(100 * processor).toFixed(1)} % of a core | |`,
  ]
  console.log(table.join('\n'))
  const failures = [
    answered < asked && `${asked - answered} answers are missing`,
    losses.ringFull > 0 && `${losses.ringFull} frames were lost`,
    lapses > 0 && `the process did not run in time, ${lapses} times`,
    growth > MOST_MEMORY && 'memory grew',
    late.descriptors !== early.descriptors && 'descriptors are left open',
  ].filter((failure) => failure !== false)
  for (const failure of failures) console.log(`FAILED: ${failure}`)
  if (SECONDS === DEFAULT_SECONDS) {
    const told = failures.map((failure) => `Failed: ${failure}.`)
    recordSoak('Wire', [
      `\`npm run soak:wire\`: ${SECONDS} s, ${HELD} addresses held, ${ASKED_RATE} requests a second for them, in a storm ` +
        `of ARP for others. ${surroundings(loadBefore)}`,
      '',
      ...table,
      '',
      ...told,
    ])
  }
  process.exitCode = failures.length === 0 ? 0 : 1
})

function mebibytes({ residentBytes }: Footprint): string {
  return (residentBytes / 2 ** 20).toFixed(1)
}
