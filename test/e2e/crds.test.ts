// What the API server itself refuses, before any program of ours sees it, and in which words.

import assert from 'node:assert/strict'
import test from 'node:test'
import { NAMESPACE, advertisement, kubectl, pool } from './cluster.ts'

/** The API server's answer to an object that is not to be stored. */
async function refusalOf(object: object): Promise<string> {
  try {
    await kubectl('create --dry-run=server -f -', JSON.stringify(object))
    return 'accepted'
  } catch (error) {
    return String(error)
  }
}

async function tryAll(cases: readonly (readonly [object, string])[]): Promise<void> {
  const answers = await Promise.all(cases.map(([object]) => refusalOf(object)))
  for (const [index, [object, expected]] of cases.entries()) {
    const answer = answers[index] ?? ''
    assert.ok(
      answer.includes(expected),
      `${JSON.stringify(object)}\n  expected: ${expected}\n  got: ${answer}`,
    )
  }
}

const neither = 'is neither a network such as 192.0.2.0/24 nor a range such as 192.0.2.10-192.0.2.20'

test('a pool whose addresses cannot be read is refused in a sentence that names the bad one', () =>
  tryAll([
    [pool('bad', ['garbage']), `"garbage" ${neither}`],
    [pool('bad', ['']), `"" ${neither}`],
    [pool('bad', ['192.0.2.0/24', '192.0.2.0/33']), `spec.addresses[1]: Invalid value: "192.0.2.0/33"`],
    [pool('bad', ['192.0.2.7']), '"192.0.2.7" is a single address: write "192.0.2.7/32"'],
    [pool('bad', ['2001:db8::7']), '"2001:db8::7" is a single address: write "2001:db8::7/128"'],
    [pool('bad', [' 192.0.2.0/24']), `" 192.0.2.0/24" ${neither}`],
    [pool('bad', ['192.0.2.7-']), `"192.0.2.7-" ${neither}`],
    [pool('bad', ['-']), `"-" ${neither}`],
    [pool('bad', ['192.0.2.1-192.0.2.2-192.0.2.3']), neither],
    [pool('bad', ['192.0.2.01-192.0.2.9']), neither],
    [pool('bad', ['192.0.2.0/28-192.0.2.9']), neither],
    [pool('bad', ['fe80::1%eth0-fe80::9']), neither],
    [pool('bad', ['::ffff:192.0.2.0/120']), neither],
    [pool('bad', ['1'.repeat(101)]), 'may not be more than 100'],
  ]))

test('a range whose ends do not fit each other is refused, as far as the API server can compare them', () =>
  tryAll([
    [pool('bad', ['192.0.2.9-192.0.2.8']), 'the range "192.0.2.9-192.0.2.8" begins after its end'],
    [pool('bad', ['192.0.3.0 - 192.0.2.255']), 'the range "192.0.3.0 - 192.0.2.255" begins after its end'],
    [pool('bad', ['200.0.0.0-100.255.255.255']), 'begins after its end'],
    [
      pool('bad', ['192.0.2.9-2001:db8::1']),
      'the ends of the range "192.0.2.9-2001:db8::1" are of different IP',
    ],
    [pool('bad', ['2001:db8::1-192.0.2.9']), 'are of different IP families'],
    [pool('reversed', ['2001:db8::9-2001:db8::1']), 'accepted'], // left to the controller
  ]))

test('a pool without addresses is refused', () =>
  tryAll([
    [pool('bad', []), 'spec.addresses in body should have at least 1 items'],
    [{ ...pool('bad', []), spec: {} }, 'spec.addresses: Required value'],
    [{ ...pool('bad', []), spec: undefined }, 'spec: Required value'],
  ]))

test('every form of address that MetalLB reads is accepted', () =>
  tryAll([
    [pool('good', ['192.0.2.0/24', '198.51.100.77/24', '203.0.113.7/32']), 'accepted'],
    [pool('good', ['192.0.2.10-192.0.2.20', '192.0.2.30 - 192.0.3.1', '10.9.9.9-10.10.0.0']), 'accepted'],
    [pool('good', ['192.0.2.7-192.0.2.7', '0.0.0.0-255.255.255.255']), 'accepted'],
    [pool('good', ['2001:db8::/64', '2001:DB8:1::5/64', '2001:db8::1-2001:db8::ff', '::/0']), 'accepted'],
    [pool('good', ['192.0.2.0/24', '2001:db8::/64'], { autoAssign: false, avoidBuggyIPs: true }), 'accepted'],
  ]))

test('as many ranges as the schema allows are judged within the cost that the API server allows', () =>
  tryAll([
    [
      pool(
        'large',
        Array.from({ length: 10_000 }, (_, index) => rangeOf(index)),
      ),
      'accepted',
    ],
    [
      pool(
        'large',
        Array.from({ length: 10_001 }, (_, index) => rangeOf(index)),
      ),
      'spec.addresses: Too many: 10001: must have at most 10000 items',
    ],
  ]))

function rangeOf(index: number): string {
  return `10.${Math.floor(index / 250)}.${index % 250}.100 - 10.${Math.floor(index / 250)}.${index % 250}.200`
}

test('an advertisement prefers nodes by weights from 1 to 100', () => {
  const preferring = (weight: unknown): object =>
    advertisement('some', { preferredNodeSelectors: [{ weight, preference: {} }] })
  return tryAll([
    [preferring(0), 'weight: Invalid value: 0'],
    [preferring(101), 'weight: Invalid value: 101'],
    [preferring('50'), 'weight: Invalid value: "string"'],
    [advertisement('some', { preferredNodeSelectors: [{ weight: 1 }] }), 'preference: Required value'],
    [preferring(1), 'accepted'],
    [preferring(100), 'accepted'],
    [{ ...advertisement('all'), spec: undefined }, 'accepted'],
  ])
})

test('who announces a Service cannot be rewritten in its status object', async () => {
  const status = { node: 'node-1', serviceName: 'web', serviceNamespace: 'default' }
  const metadata = { name: 'immutable', namespace: NAMESPACE }
  const apiVersion = 'metallb.io/v1beta1'
  await kubectl('create -f -', JSON.stringify({ apiVersion, kind: 'ServiceL2Status', metadata }))
  const patch = (node: string): Promise<string> =>
    kubectl(
      `patch servicel2status immutable -n ${NAMESPACE} --subresource=status --type=merge -p ${JSON.stringify({
        status: { ...status, node },
      })}`,
    )
  try {
    await patch('node-1')
    await assert.rejects(patch('node-2'), /node cannot change: delete this object and create another/)
  } finally {
    await kubectl(`delete servicel2status immutable -n ${NAMESPACE}`)
  }
})
