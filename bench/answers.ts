// How fast the responder answers who asks for addresses, and how many a second, on a cable to a namespace with the load
// generator. The floor is the kernel that answers for its own address, in the same run, by turns.
import { setTimeout as sleep } from 'node:timers/promises'
import { formatAddress, type Address } from '../src/ip/index.ts'
import { bootTime, Responder } from '../src/wire/index.ts'
import { addressOf } from '../test/ip/address-of.ts'
import { layCable } from '../test/wire/cable.ts'
import { ANSWER_QUANTITIES, type AnswerQuantity, answerSamples } from './answer-samples.ts'
import { Figures, OURS } from './figures.ts'
import { inNamespace, type Load } from './load.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const STALL_MS = 200
const STALL_EVERY_MS = 1000
const VALID_MS = 600_000
/** The kernel reports the groups of many addresses that were joined, at a start. */
const SETTLE_MANY_MS = 2000
const SETTLE_MS = 500
const KERNEL = 'floor: the kernel, its own address'

const SETTINGS = settings({ trials: 3, seconds: 2, rate: 1000, many: 5000 })

interface Case {
  readonly of: string
  /** Addresses held and asked for in turn; 0: the kernel's own. */
  readonly held: number
  /** JavaScript is busy for 200 ms of each second. */
  readonly isStalled: boolean
}

const CASES: readonly Case[] = [
  { of: KERNEL, held: 0, isStalled: false },
  { of: OURS, held: 1, isStalled: false },
  { of: `${OURS}, ${SETTINGS.many} held`, held: SETTINGS.many, isStalled: false },
  { of: `${OURS}, stalled`, held: 1, isStalled: true },
  { of: `${OURS}, ${SETTINGS.many} held, stalled`, held: SETTINGS.many, isStalled: true },
]

interface Protocol {
  /** The kernel's, at our end of the cable. */
  readonly own: string
  /** The first of those that are held. */
  readonly first: string
}

/** Runs the benchmark `name`; for bench/arp.ts and bench/ndp.ts, which `self` is. */
export async function measureAnswers(name: string, self: string, { own, first }: Protocol): Promise<void> {
  const figures = new Figures(ANSWER_QUANTITIES)
  await inNamespace(self, async (load) => {
    for (let trial = 0; trial < SETTINGS.trials; trial++) {
      for (const each of CASES) {
        const asked = addressOf(each.held === 0 ? own : first)
        await measure(load, each, asked, figures)
      }
    }
    conclude(name, SETTINGS, figures)
  })
}

async function measure(
  load: Load,
  { of, held, isStalled }: Case,
  asked: Address,
  figures: Figures<AnswerQuantity>,
): Promise<void> {
  const cable = layCable()
  const responder = new Responder({ onObservations: () => {} })
  const { index } = cable.link()
  if (held > 0) responder.listenOn([cable.link()])
  const addresses = Array.from({ length: held }, (_, n) => ({
    family: asked.family,
    value: asked.value + BigInt(n),
  }))
  responder.install({
    held: addresses.map((address) => ({ address, interfaceIndexes: [index] })),
    watched: [],
  })
  responder.resume(bootTime() + VALID_MS)
  await sleep(held > 1 ? SETTLE_MANY_MS : SETTLE_MS)
  const stalling = isStalled ? setInterval(stall, STALL_EVERY_MS) : undefined
  const { rate, seconds } = SETTINGS
  const questions = { first: formatAddress(asked), count: Math.max(held, 1), rate, seconds }
  const samples = await answerSamples(load, { namespace: cable.namespace, ...questions })
  clearInterval(stalling)
  const { groupsNotJoined } = responder.counters().losses
  if (groupsNotJoined > 0) throw new Error(`${groupsNotJoined} groups could not be joined`)
  responder.stop()
  cable.remove()
  for (const name of Object.keys(samples) as AnswerQuantity[]) figures.add(name, of, samples[name])
}

function stall(): void {
  const end = performance.now() + STALL_MS
  while (performance.now() < end);
}
