import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { diagnose } from '../../src/cli/doctor.ts'
import { exitCodeOf } from '../../src/cli/finding.ts'
import type { ClusterObjects } from '../../src/cli/cluster.ts'
import { advertisement, pool } from '../config/objects.ts'
import {
  announces,
  clusterOf,
  condition,
  endpoints,
  lease,
  node,
  NODES,
  programPod,
  service,
} from './objects.ts'

/** A Service that has an address and is announced. */
const SERVED: Partial<ClusterObjects> = {
  services: [
    service('web', {
      ips: ['192.0.2.100'],
      conditions: [condition('typemetal.io/Allocated', 'True', 'Allocated')],
    }),
  ],
  slices: [endpoints('web', NODES)],
  statuses: [announces('node-1', 'web')],
}

function found(parts: Partial<ClusterObjects>): string[] {
  return diagnose(clusterOf(parts), []).map(({ level, reason, object }) => `${level} ${reason} ${object}`)
}

test('of a cluster in which all is well there is nothing to say', () => {
  assert.deepEqual(found({}), [])
  assert.deepEqual(found(SERVED), [])
})

const held = service('web', { ips: ['192.0.2.100'] })
const speakers = NODES.map((name) => programPod('speaker', name))
const controller = programPod('controller', 'node-1')

const cases: readonly [title: string, parts: Partial<ClusterObjects>, expected: readonly string[]][] = [
  [
    'a Service that waits',
    { services: [service('web', { annotations: { 'metallb.io/address-pool': 'nowhere' } })] },
    ['error UnknownPool Service default/web'],
  ],
  [
    'a Service that no controller has looked at',
    { services: [service('web')] },
    ['error WaitingForController Service default/web'],
  ],
  [
    'a Service without an endpoint that can serve',
    {
      ...SERVED,
      slices: [endpoints('web', NODES, false)],
      statuses: [],
    },
    ['error noEndpoints Service default/web'],
  ],
  [
    'a Service that nobody says he announces',
    { ...SERVED, statuses: [] },
    ['error NoAnnouncer Service default/web'],
  ],
  [
    'a Service that two nodes announce',
    { ...SERVED, statuses: [announces('node-1', 'web'), announces('node-2', 'web')] },
    ['warning SeveralAnnouncers Service default/web'],
  ],
  [
    'a stranger with the address of a Service',
    {
      ...SERVED,
      services: [
        service('web', {
          ips: ['192.0.2.100'],
          conditions: [
            condition('typemetal.io/Announced', 'True', 'AddressConflict', '02:00:00:00:00:09 uses it'),
          ],
        }),
      ],
    },
    ['error AddressConflict Service default/web'],
  ],
  [
    'two programs that write one status',
    {
      ...SERVED,
      services: [
        service('web', {
          ips: ['192.0.2.100'],
          conditions: [condition('typemetal.io/Allocated', 'False', 'ContestedStatus')],
        }),
      ],
    },
    ['error ContestedStatus Service default/web'],
  ],
  [
    'a Service that keeps what it would not get',
    {
      ...SERVED,
      services: [
        service('web', {
          ips: ['192.0.2.100'],
          conditions: [condition('typemetal.io/Allocated', 'True', 'AddressExcluded')],
        }),
      ],
    },
    ['warning AddressExcluded Service default/web'],
  ],
  [
    'a Service of a class that is nobody’s',
    { services: [service('web', { spec: { loadBalancerClass: 'x/y' } })] },
    ['warning OtherClass Service default/web'],
  ],
  [
    'an annotation with its old prefix',
    {
      ...SERVED,
      services: [
        service('web', { ips: ['192.0.2.100'], annotations: { 'metallb.universe.tf/allow-shared-ip': '' } }),
      ],
    },
    ['note deprecatedAnnotation Service default/web'],
  ],
  [
    'a preference for a node that is not there',
    {
      ...SERVED,
      services: [
        service('web', {
          ips: ['192.0.2.100'],
          annotations: { 'typemetal.io/preferred-node': 'node-9' },
        }),
      ],
    },
    ['warning PreferredNodeUnable Service default/web'],
  ],
  [
    'a Service with pods on one node only, and policy Local',
    {
      ...SERVED,
      services: [service('web', { ips: ['192.0.2.100'], spec: { externalTrafficPolicy: 'Local' } })],
      slices: [endpoints('web', ['node-1'])],
    },
    ['note NoOtherNode Service default/web'],
  ],
  [
    'a node that still announces what it may not',
    {
      ...SERVED,
      advertisements: [advertisement('all', { nodeSelectors: [{ matchLabels: { rack: 'a' } }] })],
      nodes: [
        node('node-1'),
        node('node-2', { labels: { rack: 'a' } }),
        node('node-3', { labels: { rack: 'a' } }),
      ],
    },
    ['warning UnexpectedAnnouncer Service default/web'],
  ],

  [
    'no pool and no advertisement',
    { pools: [], advertisements: [] },
    ['warning NoIPAddressPool IPAddressPool', 'warning NoL2Advertisement L2Advertisement'],
  ],
  [
    'a pool that nobody announces',
    { advertisements: [advertisement('other', { ipAddressPools: ['else'] })] },
    ['warning NotAdvertised IPAddressPool lan', 'warning UnknownPool L2Advertisement other'],
  ],
  [
    'the same with a Service in it',
    {
      services: [held],
      slices: [endpoints('web', NODES)],
      advertisements: [advertisement('other', { ipAddressPools: ['else'] })],
    },
    [
      'error NotAdvertised IPAddressPool lan',
      'error NoMatchingAdvertisement Service default/web',
      'warning UnknownPool L2Advertisement other',
    ],
  ],
  [
    'a pool with the address of a node',
    { pools: [pool('lan', ['192.0.2.11-192.0.2.60'])] },
    ['warning UsedByCluster IPAddressPool lan'],
  ],
  [
    'a pool in the network of the pods',
    { nodes: [node('node-1', { spec: { podCIDRs: ['192.0.2.64/26'] } })] },
    ['error PoolInPodNetwork IPAddressPool lan'],
  ],
  [
    'a pool without an address left',
    { ...SERVED, pools: [pool('lan', ['192.0.2.100/32'])] },
    ['warning Exhausted IPAddressPool lan'],
  ],
  [
    'a pool that drains',
    { pools: [pool('lan', ['192.0.2.100-192.0.2.109'], { drain: true })] },
    ['note Draining IPAddressPool lan'],
  ],
  [
    'two pools with a common address',
    {
      pools: [pool('lan', ['192.0.2.100-192.0.2.109'], { age: 1 }), pool('new', ['192.0.2.109-192.0.2.110'])],
    },
    ['error OverlappingPool IPAddressPool new'],
  ],
  [
    'an advertisement that selects no node',
    {
      advertisements: [advertisement('all', { nodeSelectors: [{ matchLabels: { rack: 'a' } }] })],
    },
    ['warning SelectsNoNode L2Advertisement all'],
  ],
  [
    'an advertisement whose nodes have no speaker',
    {
      advertisements: [advertisement('all', { nodeSelectors: [{ matchLabels: { rack: 'a' } }] })],
      nodes: [...NODES.map((name) => node(name)), node('node-4', { labels: { rack: 'a' } })],
    },
    ['warning NoNodeAble L2Advertisement all', 'note NodeWithoutSpeaker Node node-4'],
  ],
  [
    'an advertisement whose selectors match no pool',
    {
      advertisements: [
        advertisement('all', {}),
        advertisement('b', { ipAddressPoolSelectors: [{ matchLabels: { a: 'b' } }] }),
      ],
    },
    ['warning SelectsNoPool L2Advertisement b'],
  ],

  ['no controller', { pods: speakers }, ['error NoController Deployment controller']],
  [
    'a lease that nobody renews',
    { leases: [lease('controller-node-1_0123', '2026-01-01T11:58:00.000000Z')] },
    ['warning NoActiveController Deployment controller'],
  ],
  [
    'no speaker at all',
    { pods: [controller] },
    ['error NoSpeaker DaemonSet speaker', 'warning NoNodeAble L2Advertisement all'],
  ],
  [
    'a speaker that is not ready',
    { pods: [controller, ...speakers.slice(1), programPod('speaker', 'node-1', { isReady: false })] },
    ['warning SpeakerNotReady Node node-1'],
  ],
  [
    'a word left by a speaker that is gone',
    { ...SERVED, statuses: [announces('node-1', 'web'), announces('node-9', 'web')] },
    ['warning StaleAnnouncement Node node-9', 'warning UnexpectedAnnouncer Service default/web'],
  ],
  [
    'a node that is excluded',
    {
      nodes: [
        node('node-1', { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
        node('node-2'),
        node('node-3'),
      ],
    },
    ['note NodeBarred Node node-1'],
  ],
  [
    'MetalLB beside it',
    {
      pods: [
        controller,
        ...speakers,
        programPod('speaker', 'node-3', { image: 'quay.io/metallb/speaker:v0.16.1' }),
      ],
    },
    ['error MetalLBRuns Pod metallb-system/speaker-node-3', 'note SeveralVersions DaemonSet speaker'],
  ],
  [
    'a program that refuses what is right',
    {
      states: [
        {
          apiVersion: 'metallb.io/v1beta1',
          kind: 'ConfigurationState',
          metadata: { name: 'speaker-node-1' },
          status: { result: 'Invalid', errorSummary: 'configuration error: no' },
        },
      ],
    },
    ['warning ConfigurationRefused ConfigurationState speaker-node-1'],
  ],
  [
    'IPVS without strictARP',
    { proxyConfig: [{ data: { 'config.conf': 'mode: ipvs\nipvs:\n  strictARP: false\n' } }] },
    ['error NoStrictARP ConfigMap kube-system/kube-proxy'],
  ],
  [
    'IPVS with strictARP',
    { proxyConfig: [{ data: { 'config.conf': 'mode: ipvs\nipvs:\n  strictARP: true\n' } }] },
    [],
  ],
  [
    'a configuration of kube-proxy that nobody can read',
    { proxyConfig: [{ data: { 'config.conf': '{ [' } }] },
    [],
  ],
  [
    'kinds that the server does not know',
    {
      unseen: [
        { kind: 'IPAddressPool', message: 'not found', isUnknown: true },
        { kind: 'ServiceCIDR', message: 'not found', isUnknown: true },
      ],
      pools: [],
    },
    ['error NotInstalled IPAddressPool'],
  ],
  [
    'pods that may not be seen',
    { unseen: [{ kind: 'Pod', message: 'forbidden', isUnknown: false }], pods: [] },
    ['warning CannotSee Pod'],
  ],
]

for (const [title, parts, expected] of cases) {
  test(`doctor finds ${title}`, () => assert.deepEqual(found(parts), expected))
}

const renewed = (time: string) => ({
  metadata: { name: 'node-1', managedFields: [{ manager: 'kubelet', time: '2026-01-01T11:59:50Z' }] },
  spec: { holderIdentity: 'node-1', renewTime: time },
})

test('a node whose clock is some seconds off is found, to one that is a moment off nobody objects', () => {
  assert.deepEqual(found({ nodeLeases: [renewed('2026-01-01T11:59:50.900000Z')] }), [])
  for (const time of ['2026-01-01T11:58:50.000000Z', '2026-01-01T12:00:50.000000Z'])
    assert.deepEqual(found({ nodeLeases: [renewed(time)] }), ['warning ClockSkew Node node-1'])
  assert.deepEqual(found({ nodeLeases: [{ metadata: { name: 'node-1' }, spec: {} }] }), [])
})

test('every finding says what, why and what to do', () => {
  for (const [, parts] of cases) {
    for (const { what, why, remedy } of diagnose(clusterOf(parts), [])) {
      for (const sentence of [what, why, remedy]) assert.ok(sentence.length > 10, sentence)
    }
  }
})

test('docs/cli.md or docs/allocation.md has every reason', () => {
  const docs = ['cli', 'allocation'].map((name) =>
    readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'),
  )
  const reasons = cases.flatMap(([, parts]) => diagnose(clusterOf(parts), []).map(({ reason }) => reason))
  const missing = reasons.filter((reason) => docs.every((text) => !text.includes(`\`${reason}\``)))
  assert.deepEqual(missing, [])
})

test('the exit code is that of the worst, and notes are no reason to complain', () => {
  assert.equal(exitCodeOf([]), 0)
  assert.equal(exitCodeOf([{ level: 'note' }]), 0)
  assert.equal(exitCodeOf([{ level: 'note' }, { level: 'warning' }]), 4)
  assert.equal(exitCodeOf([{ level: 'warning' }, { level: 'error' }]), 5)
})
