// The job itself: pool in, address out, an answer outside the cluster.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import {
  advertisement,
  announcers,
  apply,
  assigned,
  cleanUp,
  curl,
  eventually,
  firstAnswer,
  externalIPs,
  get,
  holderOf,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  status,
  told,
  unannounced,
  web,
} from './cluster.ts'
import { answeringNode } from './lan.ts'

before(async () => {
  await apply(...web('web'))
  await kubectl('rollout status deployment web --timeout=60s')
})

after(cleanUp)

test('without a pool a Service stays pending and an event says why', async () => {
  await told('web', /^AllocationFailed/)
  assert.deepEqual(await externalIPs('web'), [])
})

test('a pool and an advertisement give it the first address, and the client outside an answer', async () => {
  await kubectl('apply -f deploy/example.yaml')
  await assigned('web', '172.25.254.50')
  await firstAnswer('172.25.254.50')
})

test('several pods answer', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, () => curl('172.25.254.50')))
  assert.equal(new Set(answers.map((answer) => answer.split(' ')[0])).size, 3)
})

test('the node that answers ARP is the one that ServiceL2Status, event and status API name', async () => {
  const node = await answeringNode('172.25.254.50')
  await eventually('the status', async () => assert.deepEqual(await announcers('web'), [node]))
  await told('web', new RegExp(`"${node}"`))
  const { items } = await status<{ items: { name: string; announcedBy: string[]; ips: string[] }[] }>(
    '/api/v1/services',
  )
  const shown = items.find(({ name }) => name === 'web')
  assert.deepEqual([shown?.announcedBy, shown?.ips], [[node], ['172.25.254.50']])
})

test('the next Services get the next addresses, and a deleted one gives its address back', async () => {
  await apply(loadBalancer('second'), loadBalancer('third'))
  await eventually('both', async () => {
    const both = [...(await externalIPs('second')), ...(await externalIPs('third'))].sort()
    assert.deepEqual(both, ['172.25.254.51', '172.25.254.52'])
  })
  await kubectl('delete service second third')
  await apply(loadBalancer('fourth', { annotations: { 'metallb.io/loadBalancerIPs': '172.25.254.52' } }))
  await assigned('fourth', '172.25.254.52')
})

test('a Service that leaves type LoadBalancer loses its address', async () => {
  await kubectl('patch service fourth -p {"spec":{"type":"ClusterIP"}}')
  await eventually('released', async () => (await externalIPs('fourth')).length === 0)
})

test('the pool counts what is used', async () => {
  await eventually('the count', async () => {
    const { status } = await get<{ status: Record<string, unknown> }>(
      `ipaddresspool first-pool -n ${NAMESPACE}`,
    )
    const { conditions: _, ...counts } = status
    assert.deepEqual(counts, { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 49, availableIPv6: 0 })
  })
})

test('counters that somebody overwrites, and those of a pool made anew, are put right', async () => {
  const counts = async () =>
    (await get<{ status?: { assignedIPv4: number } }>(`ipaddresspool first-pool -n ${NAMESPACE}`)).status
  const wrong = '{"status":{"assignedIPv4":7}}'
  await kubectl(
    `patch ipaddresspool first-pool -n ${NAMESPACE} --subresource=status --type=merge -p ${wrong}`,
  )
  await eventually('the right count', async () => (await counts())?.assignedIPv4 === 1)
  await kubectl(`delete ipaddresspool first-pool -n ${NAMESPACE}`)
  await kubectl('apply -f deploy/example.yaml')
  await eventually('the count again', async () => (await counts())?.assignedIPv4 === 1)
  assert.deepEqual(await externalIPs('web'), ['172.25.254.50'])
})

test('a dual-stack Service gets an address of each family from a pool that has both', async () => {
  await apply(pool('both', ['172.25.254.110/32', 'fd00:172:25:254::110/128'], { autoAssign: false }))
  const annotations = { 'metallb.io/address-pool': 'both' }
  await apply(loadBalancer('dual', { annotations, spec: { ipFamilyPolicy: 'RequireDualStack' } }))
  await assigned('dual', '172.25.254.110', 'fd00:172:25:254::110')
})

test('the client reaches a Service by IPv6 too, and the same node answers for both addresses', async () => {
  const annotations = { 'metallb.io/address-pool': 'more' }
  await apply(pool('more', ['172.25.254.120/32', 'fd00:172:25:254::120/128'], { autoAssign: false }))
  const spec = { ipFamilyPolicy: 'RequireDualStack', selector: { app: 'web' } }
  await apply(loadBalancer('both-ways', { annotations, spec }))
  await assigned('both-ways', '172.25.254.120', 'fd00:172:25:254::120')
  for (const address of ['172.25.254.120', 'fd00:172:25:254::120']) {
    await firstAnswer(address)
  }
  assert.equal(await answeringNode('172.25.254.120'), await answeringNode('fd00:172:25:254::120'))
})

test('without an advertisement nobody answers, with it again somebody does', async () => {
  await kubectl(`delete l2advertisement example -n ${NAMESPACE}`)
  await unannounced('web')
  await apply(advertisement('example'))
  await holderOf('web')
  await firstAnswer('172.25.254.50')
})

test('each program says in ConfigurationState that it could use the configuration', async () => {
  await eventually('four valid states', async () => {
    const { items } = await get<{ items: { metadata: { name: string }; status?: { result?: string } }[] }>(
      `configurationstates -n ${NAMESPACE}`,
    )
    assert.deepEqual(
      items.map(({ metadata, status }) => `${metadata.name} ${status?.result}`),
      ['controller Valid', 'speaker-node-1 Valid', 'speaker-node-2 Valid', 'speaker-node-3 Valid'],
    )
  })
})
