import assert from 'node:assert/strict'
import test from 'node:test'
import { candidateOrder } from '../../src/election/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { fc } from '../fast-check.ts'

function order(nodes: string, text: string): string {
  return candidateOrder(
    addressOf(text),
    nodes.split(' ').map((node) => ({ node, score: 0 })),
  )
    .map(({ node }) => node)
    .join(' ')
}

test('nodes of equal score stand in the order that MetalLB gives them', () => {
  const vectors = [
    ['node-a node-b node-c', '10.0.0.1', 'node-b node-a node-c'],
    ['node-a node-b node-c', '10.0.0.2', 'node-b node-c node-a'],
    ['edge-a edge-b worker-a worker-b', '10.20.30.1', 'edge-b worker-a edge-a worker-b'],
    ['iris1 iris2', '10.20.30.1', 'iris2 iris1'],
    ['iris1 iris2', '10.20.30.2', 'iris1 iris2'],
    ['node1 node2 node3', '192.168.10.0', 'node2 node1 node3'],
    ['node1 node2 node3', '192.168.10.1', 'node3 node1 node2'],
    ['node1 node2 node3', 'fc00:f853:ccd:e799::1', 'node2 node3 node1'],
  ] as const
  for (const [nodes, text, expected] of vectors)
    assert.equal(order(nodes, text), expected, `${nodes} ${text}`)
})

test('the form in which an address was written has no say', () => {
  assert.equal(
    order('node1 node2 node3', 'FC00:F853:0CCD:E799:0:0:0:1'),
    order('node1 node2 node3', 'fc00:f853:ccd:e799::1'),
  )
})

test('a higher score goes before any hash', () => {
  const candidates = [
    { node: 'node-a', score: 10 },
    { node: 'node-b', score: 0 },
    { node: 'node-c', score: 30 },
  ]
  const [first, second, third] = candidates
  assert.deepEqual(candidateOrder(addressOf('10.0.0.1'), candidates), [third, first, second])
})

test('the order in which candidates are given has no say', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 8 })
  fc.assert(
    fc.property(names, (nodes) => {
      const candidates = nodes.map((node) => ({ node, score: 0 }))
      assert.deepEqual(
        candidateOrder(addressOf('10.0.0.1'), candidates),
        candidateOrder(addressOf('10.0.0.1'), candidates.toReversed()),
      )
    }),
    { numRuns: 100 },
  )
})
