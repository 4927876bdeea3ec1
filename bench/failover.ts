// How long a client outside the cluster goes without an answer when the holder of its address fails, or hands over.
// The client asks by UDP every 5 ms; of many addresses the neighbour table of its kernel says when each one has moved.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  advertisement,
  apply,
  AS_ADMINISTRATOR,
  eventually,
  externalIPs,
  firstAnswer,
  kubectl,
  loadBalancer,
  pool,
  signal,
  web,
} from '../test/e2e/cluster.ts'
import { macOf, on } from '../test/e2e/lan.ts'
import { outageDuring } from '../test/e2e/outage.ts'
import { type Contender, inTurns } from './contender.ts'
import { Figures, OURS } from './figures.ts'
import { conclude } from './result.ts'
import { settings } from './settings.ts'

const SETTINGS = settings({
  trials: 3,
  addresses: 1,
  events: 'none,cable,frozen,killed,terminated,cable-without-api',
  /** Of others: so long an address may take to move, and then to come back to where it was. */
  moveSeconds: 30,
  returnSeconds: 70,
})
const UDP_PORT = 80
/** Runs the pod that answers, and has no part in the election: it is spared. */
const SERVER = 'node-4'
const CANDIDATES = ['node-1', 'node-2', 'node-3']
/** Idle, of all processors. */
const CALM_SHARE = 0.6
const CALM_LIMIT_MS = 120_000
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'

interface Event {
  readonly fail: (holder: string, contender: Contender) => Promise<void> | void
  readonly mend: (holder: string, contender: Contender) => Promise<void> | void
  /** The holder stays who it is. */
  readonly moves: boolean
}

const processesOf = (node: string, contender: Contender): string[] => [
  ...contender.speakersOn(node),
  `kubelet-${node}`,
  `kube-proxy-${node}`,
]
const pull = async (node: string): Promise<void> => void (await on('', `ip link set lan-${node} down`))
const plug = async (node: string): Promise<void> => void (await on('', `ip link set lan-${node} up`))

const replace = (node: string, contender: Contender): Promise<void> => contender.replaceSpeaker(node)

const EVENTS: Readonly<Record<string, Event>> = {
  none: { fail: () => sleep(1000), mend: () => undefined, moves: false },
  cable: { fail: pull, mend: plug, moves: true },
  frozen: {
    fail: (node, contender) => processesOf(node, contender).forEach((name) => signal(name, 'SIGSTOP')),
    mend: (node, contender) => processesOf(node, contender).forEach((name) => signal(name, 'SIGCONT')),
    moves: true,
  },
  // Afterwards a new pod: a container that ends again and again is started later each time.
  killed: {
    fail: (node, contender) => contender.speakersOn(node).forEach((name) => signal(name, 'SIGKILL')),
    mend: replace,
    moves: true,
  },
  terminated: { fail: replace, mend: () => undefined, moves: true },
  'cable-without-api': {
    fail: async (node) => {
      signal('kube-apiserver', 'SIGSTOP')
      await pull(node)
    },
    mend: async (node) => {
      await plug(node)
      signal('kube-apiserver', 'SIGCONT')
    },
    moves: true,
  },
}

const chosen = SETTINGS.events.split(',')
for (const name of chosen) if (!(name in EVENTS)) throw new Error(`${name} is none of ${Object.keys(EVENTS)}`)

/** For each event: what the client misses when it happens, and when all is well again. */
const quantities = Object.fromEntries(
  chosen.flatMap((name) => {
    const planned = name === 'terminated' || name === 'none'
    return [
      [
        `${name}: gap`,
        { what: `${name}: longest gap`, unit: 'ms', ...(!planned && { goal: 'p99 below 500' }) },
      ],
      [`${name}: lost`, { what: `${name}: lost`, unit: '', ...(planned && { goal: '0' }) }],
      [
        `${name}: all`,
        { what: `${name}: last of ${SETTINGS.addresses} addresses moved`, unit: 'ms', goal: 'below 500' },
      ],
      [`${name}: return`, { what: `${name}, mended: lost`, unit: '', goal: '0' }],
    ]
  }),
) as Record<string, { what: string; unit: string }>
const figures = new Figures(quantities)

await setUp()
let addresses: readonly string[] = []
await inTurns(SETTINGS.trials, { onlyController: false }, async ({ contender, isFresh }) => {
  if (isFresh) {
    addresses = await allAddresses()
    await ask(addresses)
  }
  for (const name of chosen) await measure(contender, name, EVENTS[name] as Event)
})
conclude('failover', SETTINGS, figures)
process.exit()

async function setUp(): Promise<void> {
  await kubectl(`label node ${SERVER} ${EXCLUDED}=`)
  const ports = [
    { name: 'tcp', port: 80 },
    { name: 'udp', port: UDP_PORT, protocol: 'UDP' },
  ]
  await apply(
    ...web('web', { replicas: 1, spec: { ports } }),
    pool('lan', ['10.99.0.0/16']),
    advertisement('all', { interfaces: ['eth0'] }),
  )
  const pinned = { spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': SERVER } } } } }
  await kubectl(`patch deployment web -p ${JSON.stringify(pinned)}`)
  await on('client', 'ip route add 10.99.0.0/16 dev eth0 src 172.25.254.200')
  await kubectl('rollout status deployment web --timeout=60s')
  const more = Array.from({ length: SETTINGS.addresses - 1 }, (_, n) =>
    loadBalancer(`more-${n}`, { spec: { selector: { app: 'web' } } }),
  )
  for (let from = 0; from < more.length; from += 100) await apply(...more.slice(from, from + 100))
}

/** The one that is asked first. */
async function allAddresses(): Promise<string[]> {
  await eventually('an address', async () => (await externalIPs('web')).length === 1)
  const [first = ''] = await externalIPs('web')
  await firstAnswer(first)
  const listed = async (): Promise<string[]> =>
    (await kubectl('get services -o jsonpath={.items[*].status.loadBalancer.ingress[0].ip}'))
      .trim()
      .split(' ')
  await eventually('all addresses', async () => (await listed()).length === SETTINGS.addresses)
  await calm()
  return [first, ...(await listed()).filter((ip) => ip !== first)]
}

/** After the creation of hundreds of Services every program of every node is busy, on the processors of one machine. */
async function calm(): Promise<void> {
  const share = async (): Promise<number> => {
    const before = processorTimes()
    await sleep(1000)
    const after = processorTimes()
    return (after.idle - before.idle) / (after.all - before.all)
  }
  await eventually('a calm machine', async () => (await share()) > CALM_SHARE, CALM_LIMIT_MS)
}

/** Of all processors together. What runs at low priority takes nothing from the others. */
function processorTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    idle: sum(times.map(({ idle, nice }) => idle + nice)),
    all: sum(times.map(({ idle, nice, user, sys, irq }) => idle + nice + user + sys + irq)),
  }
}

/** Once. */
async function measure(contender: Contender, name: string, event: Event): Promise<void> {
  const [vip = ''] = addresses
  await whole(contender, vip)
  const holder = await holderOf(vip)
  const table = await neighbourChanges()
  let failedAt = 0
  let hasMoved = false
  const failure = await outageDuring(vip, UDP_PORT, async () => {
    await sleep(100)
    failedAt = performance.timeOrigin + performance.now()
    await event.fail(holder, contender)
    hasMoved = event.moves && (await moves(contender, vip, holder))
    await sleep(300)
  })
  const lastAt = await table.last()
  const repair = async (): Promise<void> => {
    await event.mend(holder, contender)
    await whole(contender, vip)
    if (hasMoved) await returned(contender, vip, holder)
    await sleep(1500)
  }
  if (hasMoved) {
    const { sent, answered } = await outageDuring(vip, UDP_PORT, repair)
    figures.add(`${name}: return`, contender.name, sent - answered)
  } else await repair() // who asks begins with an answer, and there may be none yet
  figures.add(`${name}: gap`, contender.name, failure.gapMs)
  figures.add(`${name}: lost`, contender.name, failure.sent - failure.answered)
  if (addresses.length > 1 && hasMoved) figures.add(`${name}: all`, contender.name, lastAt - failedAt)
}

/** Ours has to; of others the gap tells, which is as long as the wait where nobody took over. */
async function moves({ name }: Contender, vip: string, holder: string): Promise<boolean> {
  const isElsewhere = async (): Promise<boolean> => (await holderOf(vip)) !== holder
  const moving = eventually('another holder', isElsewhere, SETTINGS.moveSeconds * 1000)
  return name === OURS ? moving : moving.catch(() => false)
}

/** Ours stays where it is. Others may give it back, late, which is not to fall into the next measurement. */
async function returned({ name }: Contender, vip: string, holder: string): Promise<void> {
  if (name === OURS) return
  const isBack = async (): Promise<boolean> => (await holderOf(vip)) === holder
  await eventually('the first holder', isBack, SETTINGS.returnSeconds * 1000).catch(() => undefined)
}

/** Has the client's kernel look for them. */
async function ask(wanted: readonly string[]): Promise<void> {
  const lines = wanted.map((address) => `echo > /dev/udp/${address}/9`)
  await promisify(execFile)('ip', ['netns', 'exec', 'client', 'bash', '-c', lines.join('\n')])
  await sleep(500)
}

/** The node whose MAC the client's kernel has, as the gratuitous frames told it. */
async function holderOf(address: string): Promise<string> {
  const line = await on('client', `ip neigh show ${address} dev eth0`)
  for (const node of CANDIDATES) if (line.includes(await macOf(node))) return node
  await ask([address])
  throw new Error(`nobody has ${address}: ${line}`)
}

/** All candidates hear each other: ours say so; of others only that their pods are ready. */
async function whole({ name, ready }: Contender, vip: string): Promise<void> {
  if (name === OURS) {
    for (const node of CANDIDATES) await eventually('all speakers', () => hearsAll(node))
  } else await ready()
  await eventually('a holder', async () => (await holderOf(vip)) !== '')
  await sleep(1500) // heard for so long they count for the quorum
}

async function hearsAll(node: string): Promise<boolean> {
  const options = ['-sSk', '--max-time', '2', ...AS_ADMINISTRATOR]
  const metrics = await on(node, `curl ${options.join(' ')} https://127.0.0.1:9120/metrics`)
  return metrics.includes(`typemetal_election_peers{interface="eth0"} ${CANDIDATES.length - 1}\n`)
}

/** An address and its MAC, of a line of the neighbour table. */
function neighbourOf(line: string): readonly [string, string] | null {
  const [, ip, mac] = /^(10\.99\.\S+) .*lladdr (\S+)/.exec(line) ?? []
  return ip === undefined || mac === undefined ? null : [ip, mac]
}

/** Watches the client's neighbour table; `last`: when the last of the addresses changed its MAC (ms since 1970). */
async function neighbourChanges(): Promise<{ last: () => Promise<number> }> {
  const watching = spawn('ip', ['netns', 'exec', 'client', 'ip', 'monitor', 'neigh', 'dev', 'eth0'])
  const table = await on('client', 'ip neigh show dev eth0')
  const macs = new Map(
    table
      .split('\n')
      .map(neighbourOf)
      .filter((neighbour) => neighbour !== null),
  )
  let changedAt = 0
  watching.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) {
      const neighbour = neighbourOf(line)
      if (neighbour === null || macs.get(neighbour[0]) === neighbour[1]) continue
      macs.set(...neighbour)
      changedAt = performance.timeOrigin + performance.now()
    }
  })
  return {
    last: async () => {
      watching.kill()
      await once(watching, 'exit')
      return changedAt
    },
  }
}
