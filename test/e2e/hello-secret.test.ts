// The Secret that speakers sign with: made by the controller, brought to them by the kubelet, and changed by anybody.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Pod, Secret } from '../../src/api/index.ts'
import { cleanUp, eventually, get, kubectl, NAMESPACE } from './cluster.ts'
import { NODES } from './lan.ts'
import { assertNothingLost, outageDuring } from './outage.ts'
import { hearEachOther, metric, serve, tell, UDP_PORT, VIP } from './watched-service.ts'
import { sightingsDuring, windowsOfTwo } from './witness.ts'

const SECRET = `secret memberlist -n ${NAMESPACE}`

async function key(): Promise<string> {
  const { data } = await get<Secret>(SECRET)
  return Buffer.from(data?.secretkey ?? '', 'base64').toString()
}

/** How often each speaker has said that the secret is another. */
async function noticed(): Promise<number[]> {
  const { items } = await get<{ items: Pod[] }>(`pods -n ${NAMESPACE} -l component=speaker`)
  const logs = await Promise.all(
    items.map(({ metadata }) => kubectl(`logs ${metadata?.name} -n ${NAMESPACE}`)),
  )
  return logs.map((log) => log.split('the secret has changed').length - 1)
}

async function everySpeakerNotices(before: number[]): Promise<void> {
  await eventually('a changed secret at each speaker', async () =>
    assert.deepEqual(
      await noticed(),
      before.map((times) => times + 1),
    ),
  )
}

/** Of each node: how often a claim changed, and a hello had a key that it did not know. */
function counts(): Promise<number[][]> {
  return Promise.all(
    NODES.map(async (node) => [
      await metric(node, 'transitions_total\\{.*\\}'),
      await metric(node, 'hellos_total\\{fate="unknownKey"\\}'),
    ]),
  )
}

before(serve)
after(cleanUp)

test('the controller made it for the speakers, which wait for it to start', async () => {
  await kubectl(`rollout status daemonset speaker -n ${NAMESPACE} --timeout=60s`)
  const { type } = await get<Secret>(SECRET)
  assert.equal(type, 'Opaque')
  assert.match(await key(), /^[A-Za-z0-9+/]{43}=$/)
})

test('deleted, it is made anew with another key, which running speakers take up one by one while nothing moves', async (context) => {
  await hearEachOther(NODES)
  const before = { key: await key(), noticed: await noticed(), counts: await counts() }
  const sightings = await sightingsDuring([VIP], async () => {
    const changed = await outageDuring(VIP, UDP_PORT, async () => {
      await kubectl(`delete ${SECRET}`)
      await eventually('another secret', async () => assert.notEqual(await key(), before.key))
      await everySpeakerNotices(before.noticed)
      await hearEachOther(NODES)
    })
    tell(context, changed)
    assertNothingLost(changed)
  })
  assert.equal(windowsOfTwo(sightings), 0)
  assert.deepEqual(await counts(), before.counts)
})

test('an administrator’s own stays as it is, also when the controllers are replaced', async () => {
  const before = await noticed()
  const patch = JSON.stringify({ stringData: { secretkey: 'an-administrator’s' } })
  await kubectl(`patch ${SECRET} --type=merge -p ${patch}`)
  const { metadata } = await get<Secret>(SECRET)
  await everySpeakerNotices(before)
  await kubectl(`rollout restart deployment controller -n ${NAMESPACE}`)
  await kubectl(`rollout status deployment controller -n ${NAMESPACE} --timeout=60s`)
  assert.equal((await get<Secret>(SECRET)).metadata?.resourceVersion, metadata?.resourceVersion)
})

test('nobody but the controller may make Secrets, and not even it may read others', async () => {
  const may = async (who: string, what: string): Promise<string> => {
    const as = `system:serviceaccount:${NAMESPACE}:${who}`
    return (await kubectl(`auth can-i ${what} -n ${NAMESPACE} --as=${as}`).catch(() => 'no')).trim()
  }
  assert.deepEqual(
    [
      await may('controller', 'create secrets'),
      await may('controller', 'watch secrets/memberlist'),
      await may('controller', 'list secrets'),
      await may('controller', 'update secrets/memberlist'),
      await may('speaker', 'create secrets'),
      await may('speaker', 'get secrets/memberlist'),
    ],
    ['yes', 'yes', 'no', 'no', 'no', 'no'],
  )
})
