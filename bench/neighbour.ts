// Who asks for the addresses of a Service, by ARP and by neighbour solicitation: the programs as they are installed, by
// turns with those of another implementation. The floor is the node's kernel, for its own addresses. What the responder
// does alone, with thousands of addresses and a busy JavaScript, is in arp.ts and ndp.ts.
import { advertisement, apply, eventually, externalIPs, pool, web } from '../test/e2e/cluster.ts'
import { answeredBy, macOf } from '../test/e2e/lan.ts'
import { ANSWER_QUANTITIES, type AnswerQuantity, answerSamples } from './answer-samples.ts'
import { inTurns } from './contender.ts'
import { Figures } from './figures.ts'
import { withLoad } from './load.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({ trials: 4, seconds: 2, rate: 1000 })
const KERNEL = 'floor: the kernel, its own address'
const NODE = 'node-1'

interface Protocol {
  readonly name: string
  /** The node's own, and the Service's. */
  readonly own: string
  readonly vip: string
}

const PROTOCOLS: readonly Protocol[] = [
  { name: 'ARP', own: '172.25.254.11', vip: '172.25.254.100' },
  { name: 'NDP', own: 'fd00:172:25:254::11', vip: 'fd00:172:25:254::100' },
]
const QUANTITIES = Object.keys(ANSWER_QUANTITIES) as AnswerQuantity[]

const figures = new Figures(
  Object.fromEntries(
    PROTOCOLS.flatMap(({ name }) =>
      QUANTITIES.map((quantity) => {
        const { what, ...rest } = ANSWER_QUANTITIES[quantity]
        return [`${name} ${quantity}`, { what: `${name}: ${what}`, ...rest }]
      }),
    ),
  ),
)

await apply(
  pool(
    'lan',
    PROTOCOLS.map(({ vip }) => `${vip}-${vip}`),
  ),
  advertisement('all', { interfaces: ['eth0'] }),
  ...web('web', { spec: { ipFamilyPolicy: 'RequireDualStack' } }),
)
await withLoad(async (load) => {
  await inTurns(SETTINGS.trials, { onlyController: false }, async ({ contender, isFresh }) => {
    await eventually('both addresses', async () => (await externalIPs('web')).length === PROTOCOLS.length)
    for (const { name, own, vip } of PROTOCOLS) {
      if (isFresh) await answeredBy(await macOf(NODE), vip)
      for (const [of, first] of [
        [KERNEL, own],
        [contender.name, vip],
      ] as const) {
        const { rate, seconds } = SETTINGS
        const samples = await answerSamples(load, { namespace: 'client', first, count: 1, rate, seconds })
        for (const quantity of QUANTITIES) figures.add(`${name} ${quantity}`, of, samples[quantity])
      }
    }
  })
})
conclude('neighbour', SETTINGS, figures)
process.exit()
