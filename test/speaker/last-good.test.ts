import assert from 'node:assert/strict'
import test from 'node:test'
import type { L2Advertisement } from '../../src/api/index.ts'
import { LastGood } from '../../src/speaker/last-good.ts'

const advertisement = (name: string, spec: NonNullable<L2Advertisement['spec']>): L2Advertisement => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'L2Advertisement',
  metadata: { name },
  spec,
})

const GOOD = advertisement('lan', { interfaces: ['eth0'] })
const BAD = advertisement('lan', { ipAddressPools: ['a', 'a'] })
const BETTER = advertisement('lan', { interfaces: ['eth1'] })

function read(lastGood: LastGood, ...advertisements: readonly L2Advertisement[]) {
  const { advertisements: read, refusals } = lastGood.read({
    pools: [],
    advertisements,
    namespaces: [],
    reserved: [],
  })
  return { interfaces: read.map(({ interfaces }) => interfaces.join()), refused: refusals.length }
}

test('an advertisement edited into an invalid one stays in force as it was, and is refused', () => {
  const lastGood = new LastGood()
  read(lastGood, GOOD)
  for (let times = 0; times < 2; times++) {
    assert.deepEqual(read(lastGood, BAD), { interfaces: ['eth0'], refused: 1 })
  }
  assert.deepEqual(read(lastGood, BETTER), { interfaces: ['eth1'], refused: 0 })
})

test('one that was never valid announces nothing, and one that is deleted is forgotten', () => {
  const lastGood = new LastGood()
  assert.deepEqual(read(lastGood, BAD), { interfaces: [], refused: 1 })
  read(lastGood, GOOD)
  read(lastGood)
  assert.deepEqual(read(lastGood, BAD), { interfaces: [], refused: 1 })
})
