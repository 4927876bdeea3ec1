// What the programs ask of the API server when nothing happens, with no Service and with many, and when a cable is pulled.
// The floor is what they ask with no Service: it is the number of their watches, and the Lease of the controller.
import { setTimeout as sleep } from 'node:timers/promises'
import { advertisement, apply, kubectl, NAMESPACE, pool } from '../test/e2e/cluster.ts'
import { NODES, on } from '../test/e2e/lan.ts'
import { allAssigned, createAnnounced, names, stopWatching, watchServices } from './assignments.ts'
import { requestsBetween } from './audit-log.ts'
import { type Contender, inTurns, type Role, ROLES, vacate } from './contender.ts'
import { Figures, OURS } from './figures.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({ services: 300, minutes: 0.75, settleSeconds: 15, failoverSeconds: 20 })
const many = `${SETTINGS.services} Services`
const during = `a cable pulled, ${many}`

type Quantity = `${Role}: ${'none' | 'many' | 'failover'}`

const figures = new Figures<Quantity>({
  'controller: none': { what: 'each controller, no Service', unit: '/min' },
  'controller: many': { what: `each controller, ${many}`, unit: '/min' },
  'speaker: none': { what: 'each speaker, no Service', unit: '/min', goal: 'below 3' },
  'speaker: many': { what: `each speaker, ${many}`, unit: '/min', goal: 'below 3' },
  'controller: failover': { what: `all controllers, ${during}`, unit: `in ${SETTINGS.failoverSeconds} s` },
  'speaker: failover': { what: `all speakers, ${during}`, unit: `in ${SETTINGS.failoverSeconds} s` },
})

// The audit log’s clock.
const now = (): number => Date.now()

/** Of the processes of a role together; undefined when there are none. */
function askedBy(
  contender: Contender,
  role: Role,
  requests: ReadonlyMap<string, number>,
): number | undefined {
  if (contender.processesOf(role).length === 0) return undefined
  return contender.usersOf(role).reduce((sum, user) => sum + (requests.get(user) ?? 0), 0)
}

async function steady(contender: Contender, services: 'none' | 'many'): Promise<void> {
  await sleep(SETTINGS.settleSeconds * 1000)
  const from = now()
  await sleep(SETTINGS.minutes * 60_000)
  const requests = requestsBetween(from, now())
  for (const role of ROLES) {
    const asked = askedBy(contender, role, requests)
    const perMinute = (asked ?? Number.NaN) / contender.processesOf(role).length / SETTINGS.minutes
    if (asked !== undefined) figures.add(`${role}: ${services}`, contender.name, perMinute)
  }
}

/** The node that announces most, as the speakers say; who says nothing is taken to share them out. */
async function busiest(): Promise<string> {
  const nodes = await kubectl(`get servicel2statuses -n ${NAMESPACE} -o jsonpath={.items[*].status.node}`)
  const counts = new Map(NODES.map((node) => [node, nodes.split(' ').filter((each) => each === node).length]))
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? ''
}

/** It has the cable back afterwards. */
async function failover(contender: Contender): Promise<void> {
  const node = await busiest()
  const from = now()
  await on('', `ip link set lan-${node} down`)
  await sleep(SETTINGS.failoverSeconds * 1000)
  const requests = requestsBetween(from, now())
  await on('', `ip link set lan-${node} up`)
  for (const role of ROLES) {
    const asked = askedBy(contender, role, requests)
    if (asked !== undefined) figures.add(`${role}: failover`, contender.name, asked)
  }
}

await apply(pool('bench', ['10.4.0.0/14']), advertisement('all', { interfaces: ['eth0'] }))
await watchServices()
await inTurns(1, { onlyController: false }, ({ contender }) => steady(contender, 'none'))
const all = names('held', SETTINGS.services)
await vacate()
await createAnnounced(all)
await inTurns(1, { onlyController: false }, async ({ contender }) => {
  await allAssigned(all)
  // The others find them assigned when they start; so does ours.
  if (contender.name === OURS) await contender.reinstall()
  await steady(contender, 'many')
  await failover(contender)
})
await stopWatching()
conclude('api-load', SETTINGS, figures)
process.exit()
