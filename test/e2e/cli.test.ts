// The command line, as people and scripts use it: `kubectl typemetal`.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import {
  advertisement,
  announcers,
  apply,
  assigned,
  cleanUp,
  eventually,
  firstAnswer,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  web,
} from './cluster.ts'
import { answeringNode, on } from './lan.ts'
import { assertNothingLost, outageDuring } from './outage.ts'

const ADDRESS = '172.25.254.50'
const UDP_PORT = 80

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function typemetal(args: string, env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    execFile('kubectl', ['typemetal', ...args.split(' ')], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

/** What it prints as JSON, whatever its exit code. */
async function json<T>(args: string): Promise<T> {
  return JSON.parse((await typemetal(`${args} -o json`)).out) as T
}

interface Told {
  readonly state: string
  readonly reason: string
  readonly findings: readonly { readonly reason: string }[]
}

before(async () => {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'udp', port: UDP_PORT, protocol: 'UDP' },
  ]
  await apply(...web('web', { spec: { ports } }))
  await kubectl('rollout status deployment web --timeout=60s')
})

after(async () => {
  await kubectl('label nodes --all node.kubernetes.io/exclude-from-external-load-balancers-')
  await kubectl(`scale deployment controller --replicas=2 -n ${NAMESPACE}`)
  await kubectl(`rollout status deployment controller -n ${NAMESPACE} --timeout=60s`)
  await cleanUp()
})

test('without a pool explain says so, and scripts see it by the exit code', async () => {
  const { code, out } = await typemetal('explain web')
  assert.equal(code, 5)
  assert.match(out, /^State +Pending \(NoPool\)$/m)
  assert.match(out, /^ +do +create an IPAddressPool$/m)
})

test('with a pool, and without an advertisement, doctor names the pool that nobody announces', async () => {
  await apply(pool('lan', ['172.25.254.50-172.25.254.59']))
  await assigned('web', ADDRESS)
  const { code, out } = await typemetal('doctor')
  assert.equal(code, 5)
  assert.match(out, /^ERROR NotAdvertised\n {2}IPAddressPool lan: /m)
  assert.match(out, /^ERROR NoMatchingAdvertisement\n {2}Service default\/web: /m)
  assert.doesNotMatch(out, /NoSegment|HearsNobody/) // what has nothing to announce yet is well
})

test('when all is well every command says so, and who announces is who answers', async () => {
  await apply(advertisement('all'))
  await firstAnswer(ADDRESS)
  const node = await answeringNode(ADDRESS)
  await eventually('the status', async () => assert.deepEqual(await announcers('web'), [node]))
  const { items } = await json<{ items: { nodes: string[]; addresses: string[]; state: string }[] }>(
    'services',
  )
  assert.deepEqual(
    items.map(({ nodes, addresses, state }) => ({ nodes, addresses, state })),
    [{ nodes: [node], addresses: [ADDRESS], state: 'Announced' }],
  )
  const explained = await typemetal('explain service/web')
  assert.match(explained.out, new RegExp(`^1 +node-\\d +all +`, 'm'))
  const codes = await Promise.all(
    ['status', 'pools', 'services -A', 'explain default/web', `where ${ADDRESS}`, 'doctor'].map(
      typemetalCode,
    ),
  )
  assert.deepEqual(codes, [0, 0, 0, 0, 0, 0])
  assert.equal((await typemetal('doctor')).out, 'Nothing to complain of.\n') // of the speakers either
  assert.equal((await typemetal('where 172.25.254.57')).code, 3)
  assert.equal((await typemetal('explain nothing')).code, 3)
})

async function typemetalCode(args: string): Promise<number> {
  return (await typemetal(args)).code
}

test('who watches sees a Service get its address, and an interrupt ends the watch in peace', async () => {
  const watch = spawn('kubectl', ['typemetal', 'services', '--watch'])
  let seen = ''
  watch.stdout.on('data', (chunk: Buffer) => (seen += chunk))
  const ended = new Promise((resolve) => watch.once('exit', resolve))
  await eventually('the first look', async () => seen.includes('web'))
  await apply(loadBalancer('later', { spec: { selector: { app: 'web' } } }))
  await eventually('the address', async () => /later +172\.25\.254\.51/.test(seen))
  watch.kill('SIGINT')
  assert.equal(await ended, 0)
})

test('explain works while no controller runs, from the objects alone', async () => {
  await kubectl(`scale deployment controller --replicas=0 -n ${NAMESPACE}`)
  await kubectl(`wait --for=delete pods -l component=controller -n ${NAMESPACE} --timeout=60s`)
  await apply(loadBalancer('forgotten', { spec: { selector: { app: 'web' } } }))
  const { state, reason } = await json<Told>('explain forgotten')
  assert.deepEqual([state, reason], ['Pending', 'WaitingForController'])
  assert.match((await typemetal('explain forgotten')).out, /172\.25\.254\.52 of pool "lan"/)
  const { code, out } = await typemetal('doctor')
  assert.equal(code, 5)
  assert.match(out, /^ERROR NoController$/m)
  await kubectl(`scale deployment controller --replicas=2 -n ${NAMESPACE}`)
  await assigned('forgotten', '172.25.254.52')
})

test('a node is drained without a lost probe, announces nothing when drain returns, and again after undrain', async () => {
  const before = await answeringNode(ADDRESS)
  let drained: Ended | undefined
  const outage = await outageDuring(ADDRESS, UDP_PORT, async () => {
    drained = await typemetal(`drain ${before}`)
  })
  assert.equal(drained?.code, 0)
  assertNothingLost(outage)
  assert.match(drained.out, new RegExp(`^${before} announces nothing$`, 'm'))
  const [now] = await announcers('web')
  assert.notEqual(now, before)
  assert.equal(await answeringNode(ADDRESS), now)
  const { nodes } = await json<{ nodes: { name: string; barred: string | null }[] }>('status')
  assert.equal(nodes.find(({ name }) => name === before)?.barred, 'ExcludedByLabel')
  assert.equal((await typemetal(`undrain ${before}`)).code, 0)
  assert.equal((await typemetal('doctor')).code, 0)
})

test('rebalance moves half of what one node announces without a lost probe, and nothing moves back', async () => {
  const names = ['web', 'later', 'forgotten', 'fourth']
  await apply(loadBalancer('fourth', { spec: { selector: { app: 'web' } } }))
  await assigned('fourth', '172.25.254.53')
  // node-1 alone, then node-2 besides.
  for (const node of ['node-2', 'node-3']) await typemetal(`drain ${node}`)
  await eventually('node-1 alone', async () =>
    assert.deepEqual(new Set((await Promise.all(names.map(announcers))).flat()), new Set(['node-1'])),
  )
  await typemetal('undrain node-2')
  let ended: Ended | undefined
  const outage = await outageDuring(ADDRESS, UDP_PORT, async () => {
    // So that the address that is asked for is among those that move.
    await kubectl('annotate service later forgotten typemetal.io/preferred-node=node-1')
    ended = await typemetal('rebalance -o json')
    await kubectl('annotate service later forgotten typemetal.io/preferred-node-')
  })
  assert.equal(ended?.code, 0, ended?.err)
  const { moves } = JSON.parse(ended.out) as {
    moves: { services: string[]; to: string; outcome: string }[]
  }
  assert.deepEqual(moves.map(({ services, to, outcome }) => `${services.join()} ${to} ${outcome}`).sort(), [
    'default/fourth node-2 Moved',
    'default/web node-2 Moved',
  ])
  assertNothingLost(outage)
  assert.equal(await answeringNode(ADDRESS), 'node-2')
  assert.doesNotMatch(await kubectl('get services -o yaml'), /preferred-node/)
  assert.match((await typemetal('rebalance --dry-run')).out, /^No address has to move\.$/m)
  await typemetal('undrain node-3')
})

test('a node that alone may announce a Service is not drained, unless by force', async () => {
  await apply(
    advertisement('all', { nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'node-1' } }] }),
  )
  await eventually('node-1 alone', async () => assert.deepEqual(await announcers('web'), ['node-1']))
  const refused = await typemetal('drain node-1')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /only node-1 can announce .*default\/web.*--force/)
  const forced = await typemetal('drain node-1 --force -o json')
  assert.equal(forced.code, 0)
  assert.ok((JSON.parse(forced.out) as { dark: string[] }).dark.includes('default/web'))
  assert.deepEqual(await announcers('web'), [])
  assert.equal((await json<Told>('explain web')).reason, 'noEligibleNode')
  await typemetal('undrain node-1')
  await apply(advertisement('all'))
  await eventually('an announcer', async () => (await announcers('web')).length === 1)
})

test('who may see nothing but his own Services is told what they say, and what he cannot see', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cli-test-'))
  t.after(async () => {
    rmSync(dir, { recursive: true })
    await kubectl('delete serviceaccount,role,rolebinding developer --ignore-not-found')
  })
  await kubectl('create serviceaccount developer')
  await kubectl('create role developer --verb=get,list,watch --resource=services')
  await kubectl('create rolebinding developer --role=developer --serviceaccount=default:developer')
  const token = (await kubectl('create token developer')).trim()
  const config = JSON.parse(await kubectl('config view --raw -o json')) as { users: { user: object }[] }
  for (const user of config.users) user.user = { token }
  const KUBECONFIG = join(dir, 'config')
  writeFileSync(KUBECONFIG, JSON.stringify(config))
  const { code, out, err } = await typemetal('explain web', { ...process.env, KUBECONFIG })
  assert.equal(code, 0)
  assert.match(out, /^State +Announced$/m)
  assert.match(err, /cannot see IPAddressPool objects: .*developer/)
})

test('doctor sees what only the nodes know: routers, subnets and MTU', async (t) => {
  t.after(async () => {
    await on('node-2', 'ip link set eth0 mtu 1500')
    await on('node-3', 'ip route del 198.51.100.0/24')
  })
  await on('node-2', 'ip link set eth0 mtu 1400')
  await on('node-3', 'ip route add 198.51.100.0/24 via 172.25.254.57')
  await apply(pool('far', ['203.0.113.0/28']))
  const { items } = await json<{ items: { reason: string; object: string }[] }>('doctor')
  const told = items.map(({ reason, object }) => `${reason} ${object}`)
  for (const expected of [
    'GatewayInPool IPAddressPool lan',
    'PoolOutsideSubnets IPAddressPool far',
    'DifferentMTU Node node-2',
  ])
    assert.ok(told.includes(expected), `${expected} in ${told.join(', ')}`)
})

test('a server that cannot be reached is told by its address, within the time of a request', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cli-test-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const KUBECONFIG = join(dir, 'config')
  const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:1' } }
  const context = { name: 'c', context: { cluster: 'c', user: 'u' } }
  writeFileSync(
    KUBECONFIG,
    JSON.stringify({
      clusters: [cluster],
      contexts: [context],
      users: [{ name: 'u', user: {} }],
      'current-context': 'c',
    }),
  )
  const { code, err } = await typemetal('status', { ...process.env, KUBECONFIG })
  assert.equal(code, 1)
  assert.match(err, /^typemetal: the API server https:\/\/127\.0\.0\.1:1 does not answer/)
})
