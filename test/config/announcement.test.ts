import assert from 'node:assert/strict'
import test from 'node:test'
import type { L2Advertisement } from '../../src/api/index.ts'
import { advertisementsFor, announcingNodes, readConfiguration } from '../../src/config/index.ts'
import { advertisement } from './objects.ts'

const NODES = [
  { name: 'a', labels: { rack: '1', role: 'edge' } },
  { name: 'b', labels: { rack: '1' } },
  { name: 'c', labels: { rack: '2' } },
]

/** `name:score:interfaces` of each node, or the refusal. */
function announcers(
  specs: L2Advertisement['spec'][],
  { pool = { name: 'lan', labels: { tier: 'gold' } }, labels = {}, sharesAddress = false } = {},
): string {
  const advertisements = specs.map((spec, index) => advertisement(`ad-${index}`, spec))
  const configuration = readConfiguration({ pools: [], advertisements, namespaces: [], reserved: [] })
  assert.deepEqual(configuration.refusals, [])
  const result = advertisementsFor(configuration, { pool, labels, sharesAddress })
  if ('refusal' in result) return result.refusal
  return announcingNodes(result.advertisements, NODES)
    .map(({ node, score, interfaces }) => `${node}:${score}:${interfaces?.join('+') ?? 'all'}`)
    .join(' ')
}

const rack = (number: string): { matchLabels: Record<string, string> } => ({ matchLabels: { rack: number } })
const NOBODY = 'NoMatchingAdvertisement'

test('an advertisement without a spec is for every pool, node and interface', () => {
  assert.equal(announcers([undefined]), 'a:0:all b:0:all c:0:all')
})

test('pools are chosen by name or by label, and a choice that matches nothing chooses nothing', () => {
  const gold = { matchLabels: { tier: 'gold' } }
  const tin = { matchLabels: { tier: 'tin' } }
  assert.equal(announcers([]), NOBODY)
  assert.equal(announcers([{ ipAddressPools: ['lan'] }]), 'a:0:all b:0:all c:0:all')
  assert.equal(announcers([{ ipAddressPools: ['other'] }]), NOBODY)
  assert.equal(announcers([{ ipAddressPoolSelectors: [gold] }]), 'a:0:all b:0:all c:0:all')
  assert.equal(announcers([{ ipAddressPoolSelectors: [tin] }]), NOBODY)
  assert.equal(
    announcers([{ ipAddressPools: ['other'], ipAddressPoolSelectors: [gold] }]),
    'a:0:all b:0:all c:0:all',
  )
})

test('nodes are those of any advertisement that matches', () => {
  assert.equal(announcers([{ nodeSelectors: [rack('2')] }]), 'c:0:all')
  assert.equal(
    announcers([{ nodeSelectors: [rack('2'), { matchLabels: { role: 'edge' } }] }]),
    'a:0:all c:0:all',
  )
  assert.equal(
    announcers([{ nodeSelectors: [rack('2')] }, { nodeSelectors: [rack('1')] }]),
    'a:0:all b:0:all c:0:all',
  )
  assert.equal(announcers([{ nodeSelectors: [rack('9')] }]), '')
  const notEdge = { matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['edge'] }] }
  assert.equal(announcers([{ nodeSelectors: [notEdge] }]), 'b:0:all c:0:all')
  const noRole = { matchExpressions: [{ key: 'role', operator: 'DoesNotExist' }] }
  assert.equal(announcers([{ nodeSelectors: [noRole] }]), 'b:0:all c:0:all')
})

test('Services are chosen by their labels', () => {
  const web = { serviceSelectors: [{ matchLabels: { app: 'web' } }], nodeSelectors: [rack('2')] }
  assert.equal(announcers([web], { labels: { app: 'web' } }), 'c:0:all')
  assert.equal(announcers([web], { labels: { app: 'db' } }), NOBODY)
  assert.equal(
    announcers([web, { nodeSelectors: [rack('1')] }], { labels: { app: 'db' } }),
    'a:0:all b:0:all',
  )
})

test('a Service that shares its address is not announced where advertisements choose Services', () => {
  const web = { serviceSelectors: [{ matchLabels: { app: 'web' } }] }
  const shared = { sharesAddress: true, labels: { app: 'web' } }
  assert.equal(announcers([web], shared), 'SharedAddressWithServiceSelector')
  assert.equal(announcers([web, undefined], shared), 'SharedAddressWithServiceSelector')
  assert.equal(
    announcers([web, undefined], { sharesAddress: true, labels: { app: 'db' } }),
    'a:0:all b:0:all c:0:all',
  )
})

test('a score is the sum of the weights that a node fulfils, over all advertisements that cover it', () => {
  const prefer = (weight: number, preference: object) => ({ weight, preference })
  const edge = { matchLabels: { role: 'edge' } }
  assert.equal(
    announcers([{ preferredNodeSelectors: [prefer(10, rack('1')), prefer(5, edge)] }]),
    'a:15:all b:10:all c:0:all',
  )
  assert.equal(announcers([{ preferredNodeSelectors: [prefer(7, {})] }]), 'a:7:all b:7:all c:7:all')
  const twice = { preferredNodeSelectors: [prefer(10, rack('1'))] }
  assert.equal(announcers([twice, twice]), 'a:20:all b:20:all c:0:all')
  const elsewhere = { nodeSelectors: [rack('2')], preferredNodeSelectors: [prefer(10, rack('1'))] }
  assert.equal(
    announcers([elsewhere, undefined]),
    'a:0:all b:0:all c:0:all',
    'not of one that does not cover it',
  )
})

test('interfaces are those of all advertisements that cover the node, and all where one names none', () => {
  assert.equal(
    announcers([{ interfaces: ['eth1', 'eth0'] }, { interfaces: ['eth2'], nodeSelectors: [rack('2')] }]),
    'a:0:eth0+eth1 b:0:eth0+eth1 c:0:eth0+eth1+eth2',
  )
  assert.equal(
    announcers([{ interfaces: ['eth0'] }, { nodeSelectors: [rack('2')] }]),
    'a:0:eth0 b:0:eth0 c:0:all',
  )
})
