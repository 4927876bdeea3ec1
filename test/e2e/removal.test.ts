// Removed and installed again: what users made, and what Services were given, is as it was.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { AssignmentHistory } from './assignment-history.ts'
import {
  advertisement,
  apply,
  assigned,
  cleanUp,
  firstAnswer,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  web,
} from './cluster.ts'

const history = new AssignmentHistory()

/** So many that while they are deleted one after the other some are left that do not have a Service's address. */
const POOLS = [
  pool('lan', ['172.25.254.50-172.25.254.59']),
  pool('spare', ['172.25.254.60-172.25.254.69'], { autoAssign: false }),
  ...Array.from({ length: 30 }, (_, index) =>
    pool(`vlan-${index}`, [`10.9.${index}.0/24`], { autoAssign: false }),
  ),
]
const ASSIGNED = { web: '172.25.254.50', other: '172.25.254.51', chosen: '172.25.254.65' }

before(async () => {
  const annotations = { 'metallb.io/loadBalancerIPs': ASSIGNED.chosen }
  await apply(...POOLS, advertisement('all'), ...web('web'))
  await assigned('web', ASSIGNED.web)
  await apply(loadBalancer('other'), loadBalancer('chosen', { annotations }))
  for (const [service, address] of Object.entries(ASSIGNED)) await assigned(service, address)
  await firstAnswer(ASSIGNED.web)
  await history.start()
})

after(async () => {
  await history.stop()
  await cleanUp()
})

async function install(): Promise<void> {
  await kubectl('apply -k deploy')
  await kubectl(`rollout status deployment controller -n ${NAMESPACE} --timeout=120s`)
  await kubectl(`rollout status daemonset speaker -n ${NAMESPACE} --timeout=120s`)
}

/** Each Service has had one address all the time, and whoever comes next gets another. */
async function nothingMoved(newcomer: string): Promise<void> {
  await apply(loadBalancer(newcomer))
  await history.until('an address for the newcomer', () => history.of(newcomer).at(-1) !== '', 60_000)
  for (const [service, address] of Object.entries(ASSIGNED))
    assert.deepEqual(history.of(service), [address], service)
  assert.deepEqual(history.doubles, [])
  await firstAnswer(ASSIGNED.web)
}

test('removed by its label, the product leaves pools, advertisements and the addresses of Services', async () => {
  await kubectl('delete -k deploy -l app=metallb --timeout=60s')
  const left = await kubectl(
    `get deployments,daemonsets,ipaddresspools,l2advertisements -n ${NAMESPACE} -o name`,
  )
  assert.equal(left.trim().split('\n').length, POOLS.length + 1, left)
  await install()
  await nothingMoved('after-programs')
})

test('when the definition of pools is deleted, and all pools with it, no Service loses its address', async () => {
  await kubectl('delete -f crds/ipaddresspools.yaml --timeout=60s')
  await install()
  await apply(...POOLS)
  await nothingMoved('after-definition')
})

test('removed with namespace, definitions and all pools, it leaves the addresses of Services', async () => {
  await kubectl('delete -k deploy --timeout=120s')
  await install()
  await apply(...POOLS, advertisement('all'))
  await nothingMoved('after-everything')
})
