import assert from 'node:assert/strict'
import type { Service } from '../../src/api/index.ts'
import test from 'node:test'
import { planOf } from '../../src/cli/rebalance-plan.ts'
import { advertisement } from '../config/objects.ts'
import { announces, clusterOf, endpoints, node, NODES, programPod, service } from './objects.ts'

const IPS = Array.from({ length: 10 }, (_, n) => `192.0.2.${100 + n}`)

/** As many Services with one address each, `s0` onwards, all announced by one node. */
function held(by: string, count: number, parts: Partial<Parameters<typeof service>[1]> = {}) {
  const services = IPS.slice(0, count).map((ip, n) => service(`s${n}`, { ips: [ip], ...parts }))
  return announcedBy(services, by)
}

function announcedBy(services: readonly Service[], by: string) {
  const names = services.map(({ metadata }) => metadata?.name ?? '')
  return {
    services,
    slices: names.map((name) => endpoints(name, NODES)),
    statuses: names.map((name) => announces(by, name)),
  }
}

function counts({ nodes }: ReturnType<typeof planOf>): number[][] {
  return nodes.map(({ before, after }) => [before, after])
}

test('what one node announces alone is spread over all that may, by the fewest moves', () => {
  const plan = planOf(clusterOf(held('node-1', 6)))
  assert.deepEqual(counts(plan), [
    [6, 2],
    [0, 2],
    [0, 2],
  ])
  assert.equal(plan.moves.length, 4)
  assert.ok(plan.moves.every(({ from, to }) => from === 'node-1' && to !== 'node-1'))
})

test('nothing goes to a node that is excluded, has no speaker that is ready, or may not announce the Service', () => {
  const excluded = node('node-2', {
    labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' },
  })
  const nodes = [node('node-1'), excluded, node('node-3')]
  const targets = (parts: object): string[] =>
    [...new Set(planOf(clusterOf({ ...held('node-1', 6), ...parts })).moves.map(({ to }) => to))].sort()
  assert.deepEqual(targets({ nodes }), ['node-3'])
  const pods = NODES.map((name) => programPod('speaker', name, { isReady: name !== 'node-2' }))
  assert.deepEqual(targets({ pods }), ['node-3'])
  const selected = { nodeSelectors: [{ matchLabels: { 'kubernetes.io/os': 'plan9' } }] }
  assert.deepEqual(targets({ advertisements: [advertisement('all', selected)] }), [])
  const local = held('node-1', 6, { spec: { externalTrafficPolicy: 'Local' } })
  const slices = local.services.map(({ metadata }) => endpoints(metadata?.name ?? '', ['node-1', 'node-2']))
  assert.deepEqual(targets({ ...local, slices }), ['node-2'])
})

test('nothing goes to a node that another is preferred to: it would come back', () => {
  const preference = { matchLabels: { fast: 'yes' } }
  const plan = planOf(
    clusterOf({
      ...held('node-1', 6),
      nodes: [
        node('node-1', { labels: { fast: 'yes' } }),
        node('node-2', { labels: { fast: 'yes' } }),
        node('node-3'),
      ],
      advertisements: [advertisement('all', { preferredNodeSelectors: [{ weight: 1, preference }] })],
    }),
  )
  assert.deepEqual(counts(plan), [
    [6, 3],
    [0, 3],
    [0, 0],
  ])
  const named = { annotations: { 'typemetal.io/preferred-node': 'node-1' } }
  assert.deepEqual(planOf(clusterOf(held('node-1', 6, named))).moves, [])
})

test('Services that share an address go together', () => {
  const shared = { annotations: { 'metallb.io/allow-shared-ip': 'key' } }
  const services = [
    service('a', { ips: ['192.0.2.100'], ...shared }),
    service('b', { ips: ['192.0.2.100'], ...shared, spec: { ports: [{ port: 81 }] } }),
    service('c', { ips: ['192.0.2.101'] }),
  ]
  const { moves } = planOf(clusterOf(announcedBy(services, 'node-1')))
  assert.equal(moves.length, 1)
  const [move] = moves
  assert.ok(['default/a,default/b', 'default/c'].includes(move?.services.join() ?? ''))
})

test('what two nodes announce, and what is of another class, stays and does not count', () => {
  const two = held('node-1', 2)
  const plan = planOf(
    clusterOf({ ...two, statuses: [...two.statuses, announces('node-2', 's0'), announces('node-2', 's1')] }),
  )
  assert.deepEqual(plan.moves, [])
  assert.deepEqual(counts(plan), [
    [2, 2],
    [2, 2],
    [0, 0],
  ])
  const foreign = held('node-1', 6, { spec: { loadBalancerClass: 'other' } })
  assert.deepEqual(counts(planOf(clusterOf(foreign))), [
    [0, 0],
    [0, 0],
    [0, 0],
  ])
})
