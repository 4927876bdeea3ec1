// Interfaces that come, go and change under a speaker that announces on them: on a second LAN, made here.

import assert from 'node:assert/strict'
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
  pool,
  told,
  unannounced,
  web,
} from './cluster.ts'
import { answeredBy, learned, macOf, mislead, NODES, on, says } from './lan.ts'

const HERE = '172.25.254.70'
const THERE = '172.25.253.70'
const PORT = 'eth1'
/** One node alone: what its interface does nobody makes up for. */
const HOLDER = 'node-1'
const THERE_ONLY = {
  ipAddressPools: ['there'],
  nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': HOLDER } }],
}

/** A cable from the second LAN to `machine`, where it ends as `PORT`, without addresses. */
async function plug(machine: string): Promise<void> {
  await on('', `ip link add lan2-${machine} type veth peer name ${PORT} netns ${machine}`)
  await on('', `ip link set lan2-${machine} master lan2 up`)
  await on(machine, `ip link set ${PORT} up`)
}

const address = (host: number, device = PORT): string => `ip addr add 172.25.253.${host}/24 dev ${device}`

before(async () => {
  await on('', 'ip link add lan2 type bridge mcast_snooping 0')
  await on('', 'ip link set lan2 up')
  for (const machine of [...NODES, 'client']) await plug(machine)
  for (const [index, node] of NODES.entries()) await on(node, address(11 + index))
  await on('client', address(200))
  await apply(
    ...web('web'),
    pool('here', [`${HERE}-172.25.254.79`]),
    pool('there', [`${THERE}-172.25.253.79`]),
    advertisement('here', { ipAddressPools: ['here'] }),
    advertisement('there', THERE_ONLY),
    loadBalancer('second', {
      annotations: { 'metallb.io/address-pool': 'there' },
      spec: { selector: { app: 'web' } },
    }),
  )
  await kubectl('rollout status deployment web --timeout=60s')
  await assigned('web', HERE)
  await assigned('second', THERE)
})

after(async () => {
  await cleanUp()
  for (const machine of [...NODES, 'client']) await on('', `ip link del lan2-${machine}`)
  await on('', 'ip link del lan2')
})

test('with two LANs and a pool for each an address is answered on its own LAN, and not on the other', async () => {
  await answeredBy(await macOf(HOLDER, PORT), THERE, PORT)
  await firstAnswer(THERE)
  await on('client', `ip route add ${THERE}/32 dev eth0`)
  await answeredBy('', THERE, 'eth0')
  await on('client', `ip route del ${THERE}/32 dev eth0`)
  const [web] = await announcers('web')
  await answeredBy(await macOf(web ?? '', 'eth0'), HERE, 'eth0')
  assert.match(await says('second', 'True Announced'), /on eth1$/)
})

test('an interface that changes its MAC tells the neighbours, and answers with the new one', async () => {
  const node = HOLDER
  await mislead(THERE, PORT)
  await on(node, `ip link set ${PORT} address 02:00:00:00:01:23`)
  await eventually('the new MAC', async () => (await learned(THERE, PORT)) === '02:00:00:00:01:23')
  await answeredBy('02:00:00:00:01:23', THERE, PORT)
})

test('an interface that is renamed goes on answering', async () => {
  const node = HOLDER
  await on(node, `ip link set ${PORT} down`)
  await on(node, `ip link set ${PORT} name port1`)
  await answeredBy('', THERE, PORT)
  await on(node, 'ip link set port1 up')
  await answeredBy(await macOf(node, 'port1'), THERE, PORT)
  assert.match(await says('second', 'True Announced'), /on port1$/)
  await on(node, 'ip link set port1 down')
  await on(node, `ip link set port1 name ${PORT}`)
  await on(node, `ip link set ${PORT} up`)
  await answeredBy(await macOf(node, PORT), THERE, PORT)
})

test('a cable that was out: no answer meanwhile, and the neighbours are told when it is back', async () => {
  const node = HOLDER
  await on('', `ip link set lan2-${node} down`)
  await answeredBy('', THERE, PORT)
  await mislead(THERE, PORT)
  await on('', `ip link set lan2-${node} up`)
  await eventually('the right MAC', async () => (await learned(THERE, PORT)) === (await macOf(node, PORT)))
})

test('an interface that is made anew under its name answers again, with its new MAC', async () => {
  const node = HOLDER
  await on('', `ip link del lan2-${node}`)
  await answeredBy('', THERE, PORT)
  await mislead(THERE, PORT)
  await plug(node)
  await on(node, address(11 + NODES.indexOf(node)))
  await eventually('the new MAC', async () => (await learned(THERE, PORT)) === (await macOf(node, PORT)))
  await firstAnswer(THERE)
})

test('an address is answered on an interface that has no IPv4 address', async () => {
  for (const node of NODES) await on(node, `ip addr flush dev ${PORT}`)
  await apply(advertisement('there', { ...THERE_ONLY, interfaces: [PORT] }))
  await answeredBy(await macOf(HOLDER, PORT), THERE, PORT)
  for (const [index, node] of NODES.entries()) await on(node, address(11 + index))
})

test('where no interface matches nothing claims to be announced, and event and condition say why', async () => {
  await apply(advertisement('there', { ...THERE_ONLY, interfaces: ['eth9'] }))
  await answeredBy('', THERE, PORT)
  assert.match(await says('second', 'False NoMatchingInterface'), new RegExp(THERE))
  await told('second', /^announceFailed: /)
  await unannounced('second')
  await apply(advertisement('there', { ...THERE_ONLY, interfaces: [] }))
  await says('second', 'True Announced')
  await answeredBy(await macOf(HOLDER, PORT), THERE, PORT)
})
