import assert from 'node:assert/strict'
import test from 'node:test'
import { overviewOf } from '../../src/cli/overview.ts'
import { poolReports } from '../../src/cli/pool-report.ts'
import { serviceReports } from '../../src/cli/service-report.ts'
import { showOverview, showPools, showServices } from '../../src/cli/show.ts'
import { painter } from '../../src/cli/text.ts'
import { whereIs } from '../../src/cli/whereabouts.ts'
import { parseAddress } from '../../src/ip/index.ts'
import { pool } from '../config/objects.ts'
import { announces, clusterOf, condition, endpoints, NODES, NOW, programPod, service } from './objects.ts'

const style = { paint: painter(false), now: NOW }
const cluster = clusterOf({
  services: [
    service('waiting', { annotations: { 'metallb.io/address-pool': 'gone' } }),
    service('web', { ips: ['192.0.2.100'] }),
    service('idle', { ips: ['192.0.2.101'] }),
    service('theirs', { spec: { loadBalancerClass: 'x/y' } }),
    { metadata: { namespace: 'default', name: 'internal' }, spec: { type: 'ClusterIP' } },
  ],
  slices: [endpoints('web', NODES), endpoints('idle', NODES, false)],
  statuses: [announces('node-2', 'web')],
  pools: [
    pool('lan', ['192.0.2.100-192.0.2.109'], { excludeAddresses: ['192.0.2.109/32'] }),
    pool('six', ['2001:db8::/64'], { autoAssign: false }),
    pool('wrong', ['192.0.2.200']),
  ],
})

test('each Service of type LoadBalancer is in one state, with its reason', () => {
  assert.equal(
    showServices(serviceReports(cluster), style),
    `NAMESPACE   NAME      ADDRESSES     POOL     NODES    STATE          REASON        AGE
default     idle      192.0.2.101   lan      <none>   NotAnnounced   noEndpoints   60m
default     theirs    <none>        <none>   <none>   Foreign        OtherClass    60m
default     waiting   <none>        <none>   <none>   Pending        UnknownPool   60m
default     web       192.0.2.100   lan      node-2   Announced                    60m
`,
  )
})

test('what a speaker said before it was lost does not count as an announcement', () => {
  const pods = [
    programPod('controller', 'node-1'),
    ...NODES.map((name) => programPod('speaker', name, { isReady: name !== 'node-2' })),
  ]
  const web = service('web', {
    ips: ['192.0.2.100'],
    conditions: [condition('typemetal.io/Announced', 'True', 'Announced')],
  })
  const [report] = serviceReports(
    clusterOf({
      pods,
      services: [web],
      slices: [endpoints('web', NODES)],
      statuses: [announces('node-2', 'web')],
    }),
  )
  assert.deepEqual([report?.state, report?.reason], ['NotAnnounced', 'NoAnnouncer'])
})

test('pools show how full they are, who announces them, and what is wrong with them', () => {
  const lines = showPools(poolReports(cluster), style).split('\n')
  assert.deepEqual(lines.slice(0, 4), [
    'NAME    STATE      AUTO   IPV4 USED   IPV6 USED   SERVICES   ADVERTISED BY   ADDRESSES',
    'lan     Accepted   yes    2/9         -           2          all             192.0.2.100-192.0.2.109',
    'six     Accepted   no     -           0/2^64      0          all             2001:db8::/64',
    'wrong   Refused    yes    -           -           0          all             192.0.2.200',
  ])
  assert.match(lines[5] ?? '', /^wrong: InvalidAddresses: .*"192\.0\.2\.200\/32"/)
})

test('counts of an IPv6 pool are exact', () => {
  const six = poolReports(cluster).find(({ name }) => name === 'six')
  assert.deepEqual(six?.ipv6, { total: '18446744073709551616', used: '0', free: '18446744073709551616' })
})

const addresses: readonly [address: string, use: string, message: RegExp][] = [
  ['192.0.2.100', 'Assigned', /Service default\/web; node-2 announces it/],
  ['192.0.2.101', 'Assigned', /Service default\/idle; nobody announces it: none of its endpoints serves/],
  ['192.0.2.105', 'Free', /pool "lan" can give it out/],
  ['192.0.2.109', 'Withheld', /excludeAddresses of pool "lan"/],
  ['192.0.2.12', 'Cluster', /Node node-2/],
  ['10.96.7.7', 'Cluster', /ServiceCIDR kubernetes/],
  ['198.51.100.1', 'Unknown', /no pool has it/],
]

for (const [text, use, message] of addresses) {
  test(`${text} is ${use}`, () => {
    const address = parseAddress(text)
    assert.ok(address)
    const found = whereIs(address, cluster)
    assert.equal(found.use, use)
    assert.match(found.message, message)
  })
}

test('one screen shows programs, nodes, pools, Services and how much is wrong', () => {
  const overview = overviewOf(cluster)
  assert.deepEqual(overview.services, { Announced: 1, NotAnnounced: 1, Pending: 1, Foreign: 1 })
  assert.equal(overview.findings.error, 3)
  const text = showOverview(overview, style)
  assert.match(text, /^Controllers +1 of 1 ready, active: controller-node-1\nSpeakers +3 of 3 ready\n/)
  assert.match(text, /\nnode-2 +Ready +1\n/)
})
