// What the client outside gets through an external address, in each way in which a Service can be set up.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import {
  advertisement,
  announcers,
  apply,
  cleanUp,
  askByUdp,
  curl,
  eventually,
  firstAnswer,
  get,
  kubectl,
  loadBalancer,
  pool,
  web,
} from './cluster.ts'

const CLIENT = { ipv4: '172.25.254.200', ipv6: 'fd00:172:25:254::200' }
const NODES = ['172.25.254.11', '172.25.254.12', '172.25.254.13']

before(async () => {
  const addresses = ['172.25.254.50-172.25.254.99', 'fd00:172:25:254::50-fd00:172:25:254::99']
  await apply(...web('web'), ...web('single', { replicas: 1 }), pool('lan', addresses), advertisement('all'))
  for (const name of ['web', 'single']) await kubectl(`rollout status deployment ${name} --timeout=60s`)
})

after(cleanUp)

/** A Service for the pods of `app` at an address that it asks for. */
function at(
  address: string,
  name: string,
  app: string,
  { annotations = {}, spec = {} }: { annotations?: object; spec?: object } = {},
): object {
  return loadBalancer(name, {
    annotations: { 'metallb.io/loadBalancerIPs': address, ...annotations },
    spec: { selector: { app }, ...spec },
  })
}

/** The pod that gave an answer. */
function podOf(answer: string): string {
  return answer.split(' ')[0] ?? ''
}

test('under externalTrafficPolicy Local a pod sees the address of the client, by IPv4 and by IPv6', async () => {
  const local = { externalTrafficPolicy: 'Local' }
  const ipv6 = { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] }
  await apply(
    at('172.25.254.60', 'local', 'web', { spec: local }),
    at('fd00:172:25:254::60', 'local6', 'web', { spec: { ...local, ...ipv6 } }),
  )
  const seen = await firstAnswer('172.25.254.60')
  assert.ok(seen.includes(`answers ${CLIENT.ipv4}:`), seen)
  const seen6 = await firstAnswer('fd00:172:25:254::60')
  assert.ok(seen6.includes(`answers [${CLIENT.ipv6}]:`), seen6)
})

test('under Local only a node with a pod answers for the address, as healthCheckNodePort says too', async () => {
  await apply(at('172.25.254.61', 'beside', 'single', { spec: { externalTrafficPolicy: 'Local' } }))
  const answer = await firstAnswer('172.25.254.61')
  const [, node = ''] = / on (\S+) /.exec(answer) ?? []
  await eventually('the announcer', async () => assert.deepEqual(await announcers('beside'), [node]))
  const { spec } = await get<{ spec: { healthCheckNodePort: number } }>('service beside')
  await eventually('the health of each node', async () => {
    const healths = await Promise.all(
      NODES.map(async (address) => {
        const text = await curl(address, `:${spec.healthCheckNodePort}/healthz`)
        return (JSON.parse(text) as { localEndpoints: number }).localEndpoints
      }),
    )
    assert.deepEqual(
      healths,
      NODES.map((_, index) => (node === `node-${index + 1}` ? 1 : 0)),
    )
  })
})

test('a Service without node ports is reached through its address all the same', async () => {
  await apply(at('172.25.254.62', 'portless', 'web', { spec: { allocateLoadBalancerNodePorts: false } }))
  await firstAnswer('172.25.254.62')
  const { spec } = await get<{ spec: { ports: { nodePort?: number }[] } }>('service portless')
  assert.deepEqual(
    spec.ports.map(({ nodePort }) => nodePort),
    [undefined],
  )
})

test('with sessionAffinity ClientIP the client always gets the same pod', async () => {
  await apply(at('172.25.254.63', 'sticky', 'web', { spec: { sessionAffinity: 'ClientIP' } }))
  const first = podOf(await firstAnswer('172.25.254.63'))
  for (let tries = 0; tries < 20; tries++) assert.equal(podOf(await curl('172.25.254.63')), first)
})

test('TCP and UDP of one Service are both answered at its one address', async () => {
  const ports = [
    { name: 'tcp', protocol: 'TCP', port: 80 },
    { name: 'udp', protocol: 'UDP', port: 80 },
    { name: 'other', protocol: 'UDP', port: 5353, targetPort: 8080 },
  ]
  await apply(at('172.25.254.64', 'mixed', 'web', { spec: { ports } }))
  await firstAnswer('172.25.254.64')
  for (const port of [80, 5353]) {
    const answer = await eventually(`an answer by UDP ${port}`, () => askByUdp('172.25.254.64', port))
    assert.match(answer, /^web-/)
  }
})

test('two Services that share an address are both reached there, each by its port, and one outlives the other', async () => {
  const annotations = { 'metallb.io/allow-shared-ip': 'both' }
  await apply(
    at('172.25.254.65', 'eighty', 'web', { annotations }),
    at('172.25.254.65', 'eighty-one', 'single', {
      annotations,
      spec: { ports: [{ port: 81, targetPort: 80 }] },
    }),
  )
  assert.match(await firstAnswer('172.25.254.65'), /^web-/)
  assert.match(await firstAnswer('172.25.254.65', ':81'), /^single-/)
  await eventually('one node that announces both', async () => {
    const [first, second] = [await announcers('eighty'), await announcers('eighty-one')]
    assert.deepEqual([first.length, second], [1, first])
  })
  await kubectl('delete service eighty')
  await eventually('nobody at port 80', async () => {
    await assert.rejects(curl('172.25.254.65', '', '--connect-timeout', '1'))
    return true
  })
  assert.match(await curl('172.25.254.65', ':81'), /^single-/)
})
