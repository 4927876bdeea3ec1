// When an address moves although nothing is lost: to a node that is preferred, or, where that is asked for, to the first.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test, { after, before, type TestContext } from 'node:test'
import { advertisement, apply, cleanUp, eventually, kubectl, NAMESPACE } from './cluster.ts'
import { answeringNode, NODES, on } from './lan.ts'
import { assertNothingLost, outageDuring } from './outage.ts'
import { hearEachOther, serve, taken, tell, UDP_PORT, VIP } from './watched-service.ts'

before(serve)
after(async () => {
  await speakersGet([])
  await cleanUp()
})

/** Waits until all speakers run with these flags besides their own. */
async function speakersGet(flags: string[]): Promise<void> {
  const args = ['speaker', '--port=9120', '--log-level=info', ...flags]
  const patch = { spec: { template: { spec: { containers: [{ name: 'speaker', args }] } } } }
  await kubectl(`patch daemonset speaker -n ${NAMESPACE} -p ${JSON.stringify(patch)}`)
  await kubectl(`rollout status daemonset speaker -n ${NAMESPACE} --timeout=120s`)
}

async function heldBy(node: string): Promise<void> {
  await eventually(`${node} holds it`, async () => assert.equal(await answeringNode(VIP), node))
}

/** Its cable is pulled, and another holds the address; plugged in again it takes it back, and nothing is lost by that. */
async function takesBack(context: TestContext, node: string): Promise<void> {
  await hearEachOther(NODES)
  await on('', `ip link set lan-${node} down`)
  await taken(node)
  const back = await outageDuring(VIP, UDP_PORT, async () => {
    await on('', `ip link set lan-${node} up`)
    await heldBy(node)
  })
  tell(context, back)
  assertNothingLost(back)
}

test('a node that an advertisement prefers gets the address, and gets it back', async (context) => {
  await hearEachOther(NODES)
  const holder = await answeringNode(VIP)
  const preferred = NODES.find((node) => node !== holder) ?? ''
  const preference = { matchLabels: { 'kubernetes.io/hostname': preferred } }
  const moved = await outageDuring(VIP, UDP_PORT, async () => {
    await apply(advertisement('all', { preferredNodeSelectors: [{ weight: 10, preference }] }))
    await heldBy(preferred)
  })
  tell(context, moved)
  assertNothingLost(moved)
  await takesBack(context, preferred)
})

test('with --failback=always the first of the nodes gets the address back', async (context) => {
  await apply(advertisement('all', { preferredNodeSelectors: [] }))
  await speakersGet(['--failback=always', '--hold-down=500'])
  const hash = (node: string): string => createHash('sha256').update(`${node}#${VIP}`).digest('hex')
  const [first = ''] = [...NODES].sort((one, other) => (hash(one) < hash(other) ? -1 : 1))
  await heldBy(first)
  await takesBack(context, first)
})
