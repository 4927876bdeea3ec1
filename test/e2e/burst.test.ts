// A thousand Services assigned at once, and a program that ends in the middle of it.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { ApiClient, loadCredentials, pathOf, SERVICES } from '../../src/kube/index.ts'
import { AssignmentHistory } from './assignment-history.ts'
import {
  apply,
  bareService,
  cleanUp,
  eventually,
  get,
  kubectl,
  NAMESPACE,
  pids,
  pool,
  signal,
} from './cluster.ts'

const SERVICES_COUNT = 1000
/** Exactly as many addresses, so that one lost is one Service without. */
const RANGES = {
  first: '10.7.0.0-10.7.3.231',
  second: '10.8.0.0-10.8.3.231',
  third: '10.9.0.0-10.9.3.231',
}
const DEADLINE_MS = 180_000

const client = new ApiClient(await loadCredentials())
const services = pathOf(SERVICES, { namespace: 'default' })
const history = new AssignmentHistory()
const names = Array.from({ length: SERVICES_COUNT }, (_, index) => `burst-${index}`)

before(async () => {
  // Restarts of a program that ends again and again are put off more and more: it begins anew.
  await kubectl(`rollout restart deployment controller -n ${NAMESPACE}`)
  await kubectl(`rollout status deployment controller -n ${NAMESPACE} --timeout=60s`)
  await history.start()
  const waiting = [...names]
  const create = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      await client.request({ method: 'POST', path: services, body: bareService(name) })
    }
  }
  await Promise.all(Array.from({ length: 16 }, create))
})

after(async () => {
  await history.stop()
  await deleteServices()
  client.stop()
  await cleanUp()
})

/** In one request: kubectl would make a thousand. */
async function deleteServices(): Promise<void> {
  await client.request({
    method: 'DELETE',
    path: services,
    query: { labelSelector: '!provider' },
    deadlineMs: 60_000,
  })
}

function assignedFrom(network: string): number {
  return names.filter((name) => history.of(name).at(-1)?.startsWith(network)).length
}

/** When a part of the Services has an address of `network`, does something bad; resolves when all have one. */
async function disturb(network: string, disturbance: () => void): Promise<void> {
  await history.until('a tenth', () => assignedFrom(network) >= SERVICES_COUNT / 10, DEADLINE_MS)
  disturbance()
  await history.until('all', () => assignedFrom(network) === SERVICES_COUNT, DEADLINE_MS)
}

/** Each Service has shown one address of each of these networks, in this order, and no address was at two at a time. */
function eachMovedOnce(...networks: string[]): void {
  for (const name of names) {
    const [pending, ...shown] = history.of(name)
    assert.equal(pending, '')
    assert.deepEqual(
      shown.map((address) => address.split('.', 2).join('.')),
      networks,
      `${name}: ${shown}`,
    )
  }
  assert.deepEqual(history.doubles, [])
}

async function poolCounts(name: string, assignedIPv4: number): Promise<void> {
  await eventually(`${assignedIPv4} of ${name} in use`, async () => {
    const { status } = await get<{ status?: { assignedIPv4: number } }>(
      `ipaddresspool ${name} -n ${NAMESPACE}`,
    )
    return status?.assignedIPv4 === assignedIPv4
  })
}

test('an API server that is killed in the middle of a thousand assignments costs none and doubles none', async () => {
  await apply(pool('first', [RANGES.first]))
  await disturb('10.7.', () => signal('kube-apiserver', 'SIGKILL'))
  eachMovedOnce('10.7')
  await poolCounts('first', SERVICES_COUNT)
})

for (const [end, name, before, networks] of [
  ['SIGTERM', 'second', 'first', ['10.7', '10.8']],
  ['SIGKILL', 'third', 'second', ['10.7', '10.8', '10.9']],
] as const) {
  test(`a controller that gets ${end} in the middle of a thousand moves loses none and doubles none`, async () => {
    await apply(pool(name, [RANGES[name]]))
    const running = pids('controller')
    await kubectl(`delete ipaddresspool ${before} -n ${NAMESPACE}`)
    await disturb(`${networks.at(-1)}.`, () => signal('controller', end))
    assert.ok(!pids('controller').some((pid) => running.includes(pid)), 'another process ended the work')
    eachMovedOnce(...networks)
    await poolCounts(name, SERVICES_COUNT)
  })
}

test('a thousand Services deleted at once give all addresses back', async () => {
  await deleteServices()
  await poolCounts('third', 0)
})
