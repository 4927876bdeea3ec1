// What a LAN does to speakers: it loses frames, falls apart, lets them through one way only, or not all kinds of them.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { after, afterEach, before, beforeEach } from 'node:test'
import { cleanUp, eventually } from './cluster.ts'
import { answeringNode, dropOnLan, NODES, on } from './lan.ts'
import { assertNothingLost, outageDuring } from './outage.ts'
import { hearEachOther, metric, serve, taken, tell, UDP_PORT, VIP } from './watched-service.ts'
import { sightingsDuring, windowsOfTwo } from './witness.ts'

/** A handover falls into one window of 100 ms of the witness, or two. */
const WINDOWS_OF_A_HANDOVER = 2
/** What was wrong shows within this time after a mend, in ms. */
const AFTERMATH_MS = 1500

const from = (node: string): string => `iifname lan-${node}`
const to = (node: string): string => `oifname lan-${node}`

let holder = ''
let others: string[] = []

before(serve)
beforeEach(async () => {
  await hearEachOther(NODES)
  holder = await answeringNode(VIP)
  others = NODES.filter((node) => node !== holder)
})
afterEach(() => dropOnLan())
after(cleanUp)

/** Mends the LAN, and waits until one holds the address. Returns how long two were seen. */
async function mended(): Promise<number> {
  const sightings = await sightingsDuring([VIP], async () => {
    await dropOnLan()
    await hearEachOther(NODES)
    await oneHolds()
    await sleep(AFTERMATH_MS)
  })
  return windowsOfTwo(sightings)
}

async function oneHolds(): Promise<void> {
  await eventually('one holder', async () => {
    const held = await Promise.all(NODES.map((node) => metric(node, 'held')))
    assert.equal(
      held.reduce((sum, each) => sum + each),
      1,
    )
  })
}

test('a link that loses 30 % of its frames never has two answer for longer than a handover', async (context) => {
  const sightings = await sightingsDuring([VIP], async () => {
    const lossy = await outageDuring(VIP, UDP_PORT, async () => {
      await dropOnLan(...[from, to].map((way) => `${way(holder)} numgen random mod 100 < 30`))
      await sleep(5000)
    })
    tell(context, lossy)
    await dropOnLan()
    await oneHolds()
  })
  assert.ok(windowsOfTwo(sightings) <= WINDOWS_OF_A_HANDOVER)
})

test('a spare that is cut off and comes back takes nothing, and nothing is lost', async (context) => {
  const [spare = ''] = others
  const cut = await outageDuring(VIP, UDP_PORT, async () => {
    await dropOnLan(from(spare), to(spare))
    await eventually('its solitude', async () => (await metric(spare, 'peers\\{.*\\}')) === 0)
    await eventually('its claim', async () => (await metric(spare, 'held')) === 1)
    assert.ok((await mended()) <= WINDOWS_OF_A_HANDOVER)
  })
  tell(context, cut)
  assert.equal(await answeringNode(VIP), holder)
  assertNothingLost(cut)
})

test('a holder whose port is blocked is relieved, and takes nothing back when it is heard again', async (context) => {
  let next = ''
  const blocked = await outageDuring(VIP, UDP_PORT, async () => {
    await dropOnLan(from(holder), to(holder))
    next = await taken(holder)
  })
  tell(context, blocked)
  const healed = await outageDuring(VIP, UDP_PORT, async () => {
    assert.ok((await mended()) <= WINDOWS_OF_A_HANDOVER)
  })
  tell(context, healed)
  assert.equal(await answeringNode(VIP), next)
  assertNothingLost(healed)
})

test('of two halves the greater one keeps the address when they meet again', async (context) => {
  await dropOnLan(
    ...others.flatMap((node) => [
      `${from(node)} ${to(holder)}`,
      `${from(holder)} ${to(node)}`,
      `${from(node)} ${to('client')}`,
      `${from('client')} ${to(node)}`,
    ]),
  )
  await eventually('a holder in each half', async () => {
    const held = await Promise.all(others.map((node) => metric(node, 'held')))
    assert.deepEqual(
      [...held].sort((one, other) => one - other),
      [0, 1],
    )
    assert.equal(await metric(holder, 'held'), 1)
  })
  const healed = await outageDuring(VIP, UDP_PORT, async () => {
    assert.ok((await mended()) <= WINDOWS_OF_A_HANDOVER)
  })
  tell(context, healed)
  assert.notEqual(await answeringNode(VIP), holder)
})

test('a holder that still sends but hears nothing is relieved', async (context) => {
  let next = ''
  const deaf = await outageDuring(VIP, UDP_PORT, async () => {
    await dropOnLan(to(holder))
    next = await taken(holder)
  })
  tell(context, deaf)
  assert.ok((await mended()) <= WINDOWS_OF_A_HANDOVER)
  assert.equal(await answeringNode(VIP), next)
})

test('a holder that still hears but is not heard is relieved', async (context) => {
  let next = ''
  const mute = await outageDuring(VIP, UDP_PORT, async () => {
    await dropOnLan(from(holder))
    next = await taken(holder)
  })
  tell(context, mute)
  assert.ok((await mended()) <= WINDOWS_OF_A_HANDOVER)
  assert.equal(await answeringNode(VIP), next)
})

test('where the switch swallows the hellos one answers all the same, and is relieved when it is lost', async (context) => {
  await dropOnLan('ip daddr 224.0.0.254')
  await eventually('that none hears another', async () => {
    for (const node of NODES) assert.equal(await metric(node, 'peers\\{.*\\}'), 0)
  })
  await settled()
  const alone = await answeringNode(VIP)
  const pulled = await outageDuring(VIP, UDP_PORT, async () => {
    await on('', `ip link set lan-${alone} down`)
    await taken(alone)
  })
  tell(context, pulled)
  await on('', `ip link set lan-${alone} up`)
  await settled()
  assert.ok((await mended()) <= WINDOWS_OF_A_HANDOVER)
})

/** Waits until nobody but one answers for as long as it takes to see an address defended. */
async function settled(): Promise<void> {
  await eventually('one who answers', async () => {
    const sightings = await sightingsDuring([VIP], () => sleep(AFTERMATH_MS))
    const answering = new Set(sightings.filter(({ kind }) => kind !== 'probe').map(({ mac }) => mac))
    assert.equal(answering.size, 1)
  })
}
