// What pools and Services have beyond MetalLB's: exclusions, draining, addresses of the cluster itself, conditions.

import assert from 'node:assert/strict'
import test, { afterEach } from 'node:test'
import {
  allocated,
  apply,
  assigned,
  cleanUp,
  conditionOf,
  eventually,
  get,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
} from './cluster.ts'

afterEach(cleanUp)

async function poolSays(name: string, type: string, expected: RegExp): Promise<void> {
  await eventually(`the condition ${type} of ${name}`, async () =>
    assert.match(await conditionOf(`ipaddresspool ${name} -n ${NAMESPACE}`, type), expected),
  )
}

const asking = (address: string) => ({ annotations: { 'metallb.io/loadBalancerIPs': address } })

test('an excluded address is given to nobody, and who has it keeps it', async () => {
  await apply(pool('lan', ['172.25.254.50-172.25.254.59'], { excludeAddresses: ['172.25.254.50/31'] }))
  await apply(loadBalancer('web'))
  await assigned('web', '172.25.254.52')
  await allocated('web', /^True Allocated: .*172\.25\.254\.52.*lan/)
  await apply(loadBalancer('asking', asking('172.25.254.51')))
  await allocated('asking', /^False AddressExcluded: .*172\.25\.254\.51.*lan/)
  await apply(
    pool('lan', ['172.25.254.50-172.25.254.59'], { excludeAddresses: ['172.25.254.51-172.25.254.53'] }),
  )
  await allocated('web', /^True AddressExcluded: .*172\.25\.254\.52/)
  await assigned('web', '172.25.254.52')
  await apply(loadBalancer('next'))
  await assigned('next', '172.25.254.50')
})

test('a pool that drains keeps what it gave and gives nothing more, until it drains no longer', async () => {
  await apply(pool('lan', ['172.25.254.50-172.25.254.59']))
  await apply(loadBalancer('web'))
  await assigned('web', '172.25.254.50')
  await apply(pool('lan', ['172.25.254.50-172.25.254.59'], { drain: true }))
  await poolSays('lan', 'Accepted', /^True Draining: /)
  await apply(loadBalancer('late'))
  await allocated('late', /^False \w+: .*lan/)
  await assigned('web', '172.25.254.50')
  await apply(pool('lan', ['172.25.254.50-172.25.254.59'], { drain: false }))
  await assigned('late', '172.25.254.51')
  await allocated('late', /^True Allocated: /)
})

test('addresses of nodes and of the Service network are skipped, and the pool says whose they are', async () => {
  await apply(pool('lan', ['172.25.254.11-172.25.254.15']), pool('cluster', ['10.95.255.255-10.96.0.9']))
  await poolSays('lan', 'AddressesSkipped', /^True UsedByCluster: .*172\.25\.254\.11 \(Node node-1\)/)
  await poolSays('cluster', 'AddressesSkipped', /^True UsedByCluster: .*10\.96\.0\.0.*ServiceCIDR kubernetes/)
  await apply(loadBalancer('web', { annotations: { 'metallb.io/address-pool': 'lan' } }))
  await assigned('web', '172.25.254.14')
  await apply(loadBalancer('only', { annotations: { 'metallb.io/address-pool': 'cluster' } }))
  await assigned('only', '10.95.255.255')
  await apply(loadBalancer('node', asking('172.25.254.12')))
  await allocated('node', /^False AddressReserved: .*172\.25\.254\.12.*node-2/)
  await apply(loadBalancer('network', asking('10.96.0.7')))
  await allocated('network', /^False AddressReserved: .*10\.96\.0\.7.*ServiceCIDR kubernetes/)
})

test('a pool says when it is accepted, nearly exhausted and refused', async () => {
  await apply(pool('two', ['172.25.254.50-172.25.254.51']))
  await poolSays('two', 'Accepted', /^True Accepted: /)
  await poolSays('two', 'NearlyExhausted', /^False /)
  await apply(loadBalancer('one'), loadBalancer('other'), loadBalancer('third'))
  await poolSays('two', 'NearlyExhausted', /^True Exhausted: no IPv4 address is left/)
  await apply(pool('zz-later', ['172.25.254.51-172.25.254.52']))
  await poolSays('zz-later', 'Accepted', /^False OverlappingPool: .*172\.25\.254\.51.*two/)
})

test('a Service shows why it waits, then what it has, and nothing of ours when it is no longer ours', async () => {
  await apply(loadBalancer('web'))
  await allocated('web', /^False NoPool: /)
  await apply(pool('lan', ['172.25.254.50-172.25.254.59']))
  await allocated('web', /^True Allocated: .*172\.25\.254\.50/)
  await kubectl(`delete ipaddresspool lan -n ${NAMESPACE}`)
  await allocated('web', /^True NoPool: .*172\.25\.254\.50/)
  await kubectl('patch service web -p {"spec":{"type":"ClusterIP"}}')
  await eventually('nothing of ours', async () => {
    const { metadata, status } = await get<{ metadata: { annotations?: object }; status: object }>(
      'service web',
    )
    assert.ok(!JSON.stringify(metadata.annotations ?? {}).includes('ip-allocated-from-pool'))
    assert.deepEqual(status, { loadBalancer: {} })
  })
})

test('the condition of another controller on the same Service stays as it is', async () => {
  await apply(pool('lan', ['172.25.254.50-172.25.254.59']), loadBalancer('web'))
  await assigned('web', '172.25.254.50')
  const other = { type: 'example.org/Checked', status: 'True', reason: 'Looked', message: 'well' }
  const conditions = [{ ...other, lastTransitionTime: '2026-01-01T00:00:00Z' }]
  await kubectl(
    'apply --server-side --subresource=status --field-manager=checker -f -',
    JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, status: { conditions } }),
  )
  await kubectl('annotate service web metallb.io/loadBalancerIPs=172.25.254.55')
  await assigned('web', '172.25.254.55')
  assert.equal(await conditionOf('service web', 'example.org/Checked'), 'True Looked: well')
  await kubectl('patch service web -p {"spec":{"type":"ClusterIP"}}')
  await assigned('web')
  assert.equal(await conditionOf('service web', 'example.org/Checked'), 'True Looked: well')
})
