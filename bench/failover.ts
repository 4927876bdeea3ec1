// How long a client outside the cluster goes without an answer when the holder of its address fails, or hands over.
//   npm run sandbox -- exec --nodes 4 -- node --import tsx bench/failover.ts [--trials N] [--addresses N] [EVENT…]
// The client asks by UDP every 5 ms; of many addresses the neighbour table of its kernel says when each one has moved.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import {
  advertisement,
  apply,
  AS_ADMINISTRATOR,
  eventually,
  externalIPs,
  firstAnswer,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  signal,
  web,
} from '../test/e2e/cluster.ts'
import { macOf, on } from '../test/e2e/lan.ts'
import { type Outage, outageDuring } from '../test/e2e/outage.ts'

const UDP_PORT = 80
/** Runs the pod that answers, and has no part in the election: it is spared. */
const SERVER = 'node-4'
const CANDIDATES = ['node-1', 'node-2', 'node-3']
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'

interface Event {
  readonly fail: (holder: string) => Promise<void> | void
  readonly mend: (holder: string) => Promise<void> | void
  /** The holder stays who it is. */
  readonly moves: boolean
}

const processesOf = (node: string): string[] =>
  ['speaker', 'kubelet', 'kube-proxy'].map((name) => `${name}-${node}`)
const pull = async (node: string): Promise<void> => void (await on('', `ip link set lan-${node} down`))
const plug = async (node: string): Promise<void> => void (await on('', `ip link set lan-${node} up`))

const replace = async (node: string): Promise<void> =>
  void (await kubectl(
    `delete pod -n ${NAMESPACE} -l component=speaker --field-selector spec.nodeName=${node} --wait=false`,
  ))

const EVENTS: Readonly<Record<string, Event>> = {
  none: { fail: () => sleep(1000), mend: () => undefined, moves: false },
  cable: { fail: pull, mend: plug, moves: true },
  frozen: {
    fail: (node) => processesOf(node).forEach((name) => signal(name, 'SIGSTOP')),
    mend: (node) => processesOf(node).forEach((name) => signal(name, 'SIGCONT')),
    moves: true,
  },
  // Afterwards a new pod: a container that ends again and again is started later each time.
  killed: { fail: (node) => signal(`speaker-${node}`, 'SIGKILL'), mend: replace, moves: true },
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trials: { type: 'string', default: '10' },
    addresses: { type: 'string', default: '1' },
  },
})
const trials = Number(values.trials)
const count = Number(values.addresses)
const chosen = positionals.length > 0 ? positionals : Object.keys(EVENTS)
for (const name of chosen) if (!(name in EVENTS)) throw new Error(`${name} is none of ${Object.keys(EVENTS)}`)

await setUp()
const addresses = await allAddresses()
const [vip = ''] = addresses
await ask(addresses)
process.stdout.write(
  'event                     trials   outage ms: min  p50  p99  max   lost  | return: max ms  lost' +
    (count > 1 ? `  | all ${count}: p50  max ms` : '') +
    '\n',
)
for (const name of chosen) await measure(name, EVENTS[name] as Event)

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
  const more = Array.from({ length: count - 1 }, (_, n) =>
    loadBalancer(`more-${n}`, { spec: { selector: { app: 'web' } } }),
  )
  for (let from = 0; from < more.length; from += 100) await apply(...more.slice(from, from + 100))
  await eventually('an address', async () => (await externalIPs('web')).length === 1)
  await firstAnswer((await externalIPs('web'))[0] ?? '')
}

/** The one that is asked first. */
async function allAddresses(): Promise<string[]> {
  const [first = ''] = await externalIPs('web')
  const listed = async (): Promise<string[]> =>
    (await kubectl('get services -o jsonpath={.items[*].status.loadBalancer.ingress[0].ip}'))
      .trim()
      .split(' ')
  await eventually('all addresses', async () => (await listed()).length === count)
  await sleep(3000)
  return [first, ...(await listed()).filter((ip) => ip !== first)]
}

async function measure(name: string, event: Event): Promise<void> {
  const failures: Outage[] = []
  const returns: Outage[] = []
  const lasts: number[] = []
  for (let trial = 0; trial < trials; trial++) {
    await whole()
    const holder = await holderOf(vip)
    const table = neighbourChanges()
    let failedAt = 0
    failures.push(
      await outageDuring(vip, UDP_PORT, async () => {
        await sleep(100)
        failedAt = performance.timeOrigin + performance.now()
        await event.fail(holder)
        if (event.moves)
          await eventually('another holder', async () => (await holderOf(vip)) !== holder, 20_000)
        await sleep(300)
      }),
    )
    lasts.push((await table.last()) - failedAt)
    returns.push(
      await outageDuring(vip, UDP_PORT, async () => {
        await event.mend(holder)
        await whole()
        await sleep(1500)
      }),
    )
  }
  report(name, failures, returns, lasts)
}

function report(
  name: string,
  failures: readonly Outage[],
  returns: readonly Outage[],
  lasts: number[],
): void {
  const gaps = failures.map(({ gapMs }) => gapMs)
  const lost = (outages: readonly Outage[]): number =>
    outages.reduce((sum, each) => sum + each.sent - each.answered, 0)
  const cells = [
    name.padEnd(24),
    String(trials).padStart(7),
    ...[0, 0.5, 0.99, 1].map((share) => quantile(gaps, share).padStart(share === 0 ? 17 : 5)),
    String(lost(failures)).padStart(7),
    ' | ',
    quantile(
      returns.map(({ gapMs }) => gapMs),
      1,
    ).padStart(13),
    String(lost(returns)).padStart(5),
    ...(count > 1 ? ['  | ', quantile(lasts, 0.5).padStart(13), quantile(lasts, 1).padStart(5)] : []),
  ]
  process.stdout.write(`${cells.join('')}\n`)
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other)
  return String(
    Math.round(
      sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - (share > 0 ? 1 : 0))] ?? 0,
    ),
  )
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

/** All candidates hear each other. */
async function whole(): Promise<void> {
  for (const node of CANDIDATES) {
    await eventually('all speakers', async () => {
      const options = ['-sSk', '--max-time', '2', ...AS_ADMINISTRATOR]
      const metrics = await on(node, `curl ${options.join(' ')} https://127.0.0.1:9120/metrics`)
      return metrics.includes(`typemetal_election_peers{interface="eth0"} ${CANDIDATES.length - 1}\n`)
    })
  }
  await eventually('a holder', async () => (await holderOf(vip)) !== '')
  await sleep(1500) // heard for so long they count for the quorum
}

/** Watches the client's neighbour table; `last`: when the last of the addresses changed its MAC (ms since 1970). */
function neighbourChanges(): { last: () => Promise<number> } {
  const watching = spawn('ip', ['netns', 'exec', 'client', 'ip', 'monitor', 'neigh', 'dev', 'eth0'])
  const macs = new Map<string, string>()
  let changedAt = 0
  watching.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) {
      const [, ip, mac] = /^(10\.99\.\S+) .*lladdr (\S+)/.exec(line) ?? []
      if (ip === undefined || mac === undefined || macs.get(ip) === mac) continue
      macs.set(ip, mac)
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
