// Another release of both programs: nobody notices.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { AssignmentHistory } from './assignment-history.ts'
import {
  advertisement,
  apply,
  assigned,
  bareService,
  cleanUp,
  firstAnswer,
  kubectl,
  NAMESPACE,
  pool,
  web,
} from './cluster.ts'
import { assertNothingLost, inWords, outageDuring } from './outage.ts'

const VIP = '172.25.254.50'
const PORT = 80
const WORKLOADS = ['deployment/controller', 'daemonset/speaker']

const history = new AssignmentHistory()

before(async () => {
  const ports = [
    { name: 'http', port: PORT },
    { name: 'udp', port: PORT, protocol: 'UDP' },
  ]
  await apply(...web('web', { spec: { ports } }), pool('lan', ['172.25.254.50-172.25.254.99']))
  await apply(advertisement('all'))
  await kubectl('rollout status deployment web --timeout=60s')
  await assigned('web', VIP)
  await firstAnswer(VIP)
  await history.start()
})

after(async () => {
  await history.stop()
  await cleanUp()
})

test('while both programs are replaced no datagram is lost, no address moves, and new Services get theirs', async (context) => {
  const outage = await outageDuring(VIP, PORT, async () => {
    for (const workload of WORKLOADS) await kubectl(`rollout restart ${workload} -n ${NAMESPACE}`)
    await apply(bareService('meanwhile'))
    for (const workload of WORKLOADS)
      await kubectl(`rollout status ${workload} -n ${NAMESPACE} --timeout=120s`)
  })
  context.diagnostic(inWords(outage))
  await history.until('its address', () => (history.of('meanwhile').at(-1) ?? '') !== '', 60_000)
  assert.deepEqual(history.of('web'), [VIP])
  assert.equal(history.of('meanwhile').filter(Boolean).length, 1)
  assert.deepEqual(history.doubles, [])
  assertNothingLost(outage)
})
