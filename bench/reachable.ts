// The whole way: from the creation of a Service until a machine outside gets its first ARP answer, and its first answer from
// a pod; from its deletion until the last one. The floor is a NodePort, which kube-proxy alone serves.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ApiClient, loadCredentials, pathOf, SERVICES } from '../src/kube/index.ts'
import { advertisement, apply, kubectl, loadBalancer, pool, web } from '../test/e2e/cluster.ts'
import { inTurns } from './contender.ts'
import { Figures } from './figures.ts'
import type { Answers, Question } from './reachable-client.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({ trials: 6 })
const CLIENT = fileURLToPath(new URL('reachable-client.ts', import.meta.url))
const VIP = '172.25.254.100'
const NODE = '172.25.254.11'
const NODE_PORT = 31_999
const FLOOR = 'floor: a NodePort'
const ANSWER_LIMIT_MS = 60_000
/** Afterwards nothing of the trial before is under way. */
const PAUSE_MS = 1500

const figures = new Figures({
  arp: { what: 'created to first ARP answer (150 ms of it a probe)', unit: 'ms', goal: 'below 300' },
  answer: { what: 'created to first answer of a pod', unit: 'ms' },
  silence: { what: 'deleted to last ARP answer', unit: 'ms' },
  closed: { what: 'deleted to last answer of a pod', unit: 'ms' },
})

const api = new ApiClient(await loadCredentials())
const collection = pathOf(SERVICES, { namespace: 'default' })
const now = (): number => performance.timeOrigin + performance.now()

async function ask(client: ChildProcess, question: Question): Promise<void> {
  client.send(question)
  await once(client, 'message')
}

async function told(client: ChildProcess, what: 'first' | 'last'): Promise<Answers> {
  client.send(what)
  const [answers] = (await once(client, 'message', {
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  })) as [Answers]
  return answers
}

/** Creates, asks until it is answered, deletes, asks until it is silent. */
async function trial(
  client: ChildProcess,
  body: object,
  question: Question,
): Promise<Record<Sample, number>> {
  await ask(client, question)
  const createdAt = now()
  await api.request({ method: 'POST', path: collection, body })
  const first = await told(client, 'first')
  await sleep(PAUSE_MS)
  const deletedAt = now()
  await api.request({ method: 'DELETE', path: `${collection}/probe` })
  const last = await told(client, 'last')
  await sleep(PAUSE_MS)
  return {
    arp: first.arpAt - createdAt,
    answer: first.podAt - createdAt,
    silence: Math.max(0, last.arpAt - deletedAt),
    closed: Math.max(0, last.podAt - deletedAt),
  }
}

type Sample = 'arp' | 'answer' | 'silence' | 'closed'

await apply(...web('web'), pool('lan', [`${VIP}/32`]), advertisement('all'))
await kubectl('delete service web')
await kubectl('rollout status deployment web --timeout=60s')
const client = fork(CLIENT, {
  execPath: 'ip',
  execArgv: ['netns', 'exec', 'client', process.execPath, '--import', 'tsx'],
})
await once(client, 'message')

const selector = { app: 'web' }
const nodePort = {
  metadata: { name: 'probe' },
  spec: { type: 'NodePort', selector, ports: [{ port: 80, nodePort: NODE_PORT }] },
}
await inTurns(SETTINGS.trials, { onlyController: false }, async ({ contender }) => {
  const floor = await trial(client, nodePort, { ip: NODE, port: NODE_PORT, asksArp: false })
  figures.add('answer', FLOOR, floor.answer)
  figures.add('closed', FLOOR, floor.closed)
  const body = loadBalancer('probe', { spec: { selector } })
  const ours = await trial(client, body, { ip: VIP, port: 80, asksArp: true })
  for (const name of ['arp', 'answer', 'silence', 'closed'] as const)
    figures.add(name, contender.name, ours[name])
})
client.disconnect()
conclude('reachable', SETTINGS, figures)
process.exit()
