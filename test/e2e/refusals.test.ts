// What users get wrong, and what they are told.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import {
  advertisement,
  apply,
  assigned,
  cleanUp,
  eventually,
  externalIPs,
  get,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  status,
  told,
} from './cluster.ts'

before(async () => {
  await apply(pool('older', ['172.25.254.50-172.25.254.59']), advertisement('all'))
  await apply(loadBalancer('kept'))
  await assigned('kept', '172.25.254.50')
})

after(cleanUp)

test('of two overlapping pools the later is refused as a whole, and the older goes on', async () => {
  await apply(pool('zz-later', ['172.25.254.59-172.25.254.70']))
  await eventually('the refusal', async () => {
    const state = await get<{ status: { result: string; errorSummary: string } }>(
      `configurationstate controller -n ${NAMESPACE}`,
    )
    assert.equal(state.status.result, 'Invalid')
    assert.match(state.status.errorSummary, /zz-later.*172\.25\.254\.59.*older/)
  })
  const { items } = await status<{ items: { name: string; state: string }[] }>('/api/v1/pools')
  assert.deepEqual(
    items.map(({ name, state }) => `${name} ${state}`),
    ['older Accepted', 'zz-later Refused'],
  )
  await apply(loadBalancer('goes-on'))
  await assigned('goes-on', '172.25.254.51')
  await kubectl(`delete ipaddresspool zz-later -n ${NAMESPACE}`)
})

test('a reversed IPv6 range, which the API server cannot judge, is refused by the controller with its reason', async () => {
  await apply(pool('reversed', ['fd00::9-fd00::1']))
  await eventually('the refusal', async () => {
    const { items } = await status<{ items: { name: string; state: string; message?: string }[] }>(
      '/api/v1/pools',
    )
    assert.match(items.find(({ name }) => name === 'reversed')?.message ?? '', /fd00::9-fd00::1/)
  })
  await kubectl(`delete ipaddresspool reversed -n ${NAMESPACE}`)
})

test('a Service that asks for an address outside every pool stays pending, and an event says why', async () => {
  await apply(loadBalancer('outside', { annotations: { 'metallb.io/loadBalancerIPs': '10.9.9.9' } }))
  await told('outside', /^AllocationFailed.*10\.9\.9\.9/)
  assert.deepEqual(await externalIPs('outside'), [])
})

test('the last pool deleted takes no address away', async () => {
  await kubectl(`delete ipaddresspools --all -n ${NAMESPACE}`)
  await apply(loadBalancer('late'))
  await told('late', /^AllocationFailed/)
  assert.deepEqual(await externalIPs('kept'), ['172.25.254.50'])
})

test('a speaker without CAP_NET_RAW says which capability it lacks, and ends', async () => {
  const { spec } = await get<{ spec: { template: { spec: { containers: object[] } } } }>(
    `daemonset speaker -n ${NAMESPACE}`,
  )
  const [speaker] = spec.template.spec.containers
  const container = {
    ...speaker,
    securityContext: { capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
  }
  const podSpec = {
    ...spec.template.spec,
    containers: [container],
    hostNetwork: false,
    restartPolicy: 'Never',
  }
  await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'mute', namespace: NAMESPACE },
    spec: podSpec,
  })
  await kubectl(`wait pod/mute -n ${NAMESPACE} --for=jsonpath={.status.phase}=Failed --timeout=60s`)
  assert.match(await kubectl(`logs mute -n ${NAMESPACE}`), /CAP_NET_RAW is missing/)
  await kubectl(`delete pod mute -n ${NAMESPACE}`)
})
