// Services that are not ours: not one byte of them changes, whatever happens around them.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import {
  advertisement,
  apply,
  assigned,
  cleanUp,
  get,
  kill,
  kubectl,
  loadBalancer,
  NAMESPACE,
  podAddresses,
  pool,
  ready,
} from './cluster.ts'

const ports = [{ port: 80 }]
/** As a user may leave them behind on any Service. */
const annotations = {
  'metallb.io/loadBalancerIPs': '172.25.254.50',
  'metallb.io/address-pool': 'lan',
  'metallb.io/allow-shared-ip': 'key',
}

function service(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, annotations }, spec }
}

const OTHERS = [
  service('cluster-ip', { ports }),
  service('dual-stack', { ports, ipFamilyPolicy: 'RequireDualStack' }),
  service('node-port', { type: 'NodePort', ports }),
  service('headless', { clusterIP: 'None', ports }),
  service('external-name', { type: 'ExternalName', externalName: 'example.org' }),
  service('external-ips', { ports, externalIPs: ['172.25.254.51'] }),
  service('other-class', { type: 'LoadBalancer', loadBalancerClass: 'example.org/other', ports }),
  service('other-class-assigned', { type: 'LoadBalancer', loadBalancerClass: 'example.org/other', ports }),
]

const others = (): Promise<object> =>
  get('services --show-managed-fields -l!provider --sort-by=.metadata.name')

before(async () => {
  await apply(...OTHERS)
  const ingress = [{ ip: '172.25.254.50' }, { hostname: 'balancer.example.org' }]
  const patch = { status: { loadBalancer: { ingress } } }
  await kubectl(
    `patch service other-class-assigned --subresource=status --type=merge -p ${JSON.stringify(patch)}`,
  )
})

after(cleanUp)

test('Services of other types and classes are left as they are, while pools and the controller come and go', async () => {
  const before = await others()
  await apply(pool('lan', ['172.25.254.50-172.25.254.99']), advertisement('all'))
  await apply(loadBalancer('ours'))
  await assigned('ours', '172.25.254.50')
  await apply(pool('lan', ['172.25.254.60-172.25.254.99']))
  await assigned('ours', '172.25.254.60')

  await kill('controller')
  const [address = ''] = await podAddresses('controller')
  await ready(address)

  await kubectl(`delete ipaddresspools --all -n ${NAMESPACE}`)
  await apply(pool('later', ['172.25.254.70-172.25.254.99']))
  await assigned('ours', '172.25.254.70')
  await kubectl('delete service ours')
  assert.deepEqual(await others(), before)
})
