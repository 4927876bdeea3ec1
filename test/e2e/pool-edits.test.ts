// Pools edited while Services use them: who keeps its address, who loses it, and that nobody moves besides.

import assert from 'node:assert/strict'
import test, { afterEach, beforeEach } from 'node:test'
import { AssignmentHistory } from './assignment-history.ts'
import {
  allocated,
  apply,
  assigned,
  cleanUp,
  eventually,
  kubectl,
  loadBalancer,
  NAMESPACE,
  pool,
  poolOf,
  told,
} from './cluster.ts'

let history: AssignmentHistory

beforeEach(async () => {
  history = new AssignmentHistory()
  await history.start()
})

afterEach(async () => {
  const { doubles } = history
  await history.stop()
  await cleanUp()
  assert.deepEqual(doubles, [])
})

const deletePool = (name: string): Promise<string> => kubectl(`delete ipaddresspool ${name} -n ${NAMESPACE}`)

/** Three Services, at .50, .51 and .52 of the pool `first`, which has ten addresses. */
async function threeServices(): Promise<void> {
  await apply(pool('first', ['172.25.254.50-172.25.254.59']))
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    await apply(loadBalancer(name))
    await assigned(name, `172.25.254.5${index}`)
  }
}

/** Waits until the three are from these pools; fails if one of them ever showed anything but its first address. */
async function stayed(pools: Record<string, string>): Promise<void> {
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    await eventually(`${name} is from ${pools[name]}`, async () => (await poolOf(name)) === pools[name])
    assert.deepEqual(history.of(name), ['', `172.25.254.5${index}`])
  }
}

test('a pool that shrinks releases what it no longer covers, and no other Service moves', async () => {
  await threeServices()
  await apply(pool('first', ['172.25.254.50-172.25.254.51']))
  await eventually('the release', async () => history.of('three').at(-1) === '')
  await told('three', /^AllocationFailed/)
  assert.deepEqual(history.of('three'), ['', '172.25.254.52', ''])
  assert.equal(await poolOf('three'), undefined)
  assert.deepEqual(
    [history.of('one'), history.of('two')].map((shown) => shown.length),
    [2, 2],
  )
  await kubectl('delete service one')
  await assigned('three', '172.25.254.50')
})

test('a pool deleted beside another one orphans its Services, which get addresses of the other', async () => {
  await threeServices()
  await apply(pool('second', ['172.25.254.70-172.25.254.79'], { autoAssign: false }))
  await apply(loadBalancer('other', { annotations: { 'metallb.io/address-pool': 'second' } }))
  await assigned('other', '172.25.254.70')
  await deletePool('first')
  for (const name of ['one', 'two', 'three'])
    await eventually(`${name} released`, async () => history.of(name).at(-1) === '')
  await apply(pool('second', ['172.25.254.70-172.25.254.79']))
  for (const name of ['one', 'two', 'three'])
    await eventually(`${name} assigned`, async () =>
      /^172\.25\.254\.7[1-3]$/.test(history.of(name).at(-1) ?? ''),
    )
  assert.deepEqual(history.of('other'), ['', '172.25.254.70'])
})

test('a pool renamed, the new name made before the old one goes, costs nobody the address', async () => {
  await threeServices()
  await apply(pool('renamed', ['172.25.254.50-172.25.254.59']))
  await deletePool('first')
  await stayed({ one: 'renamed', two: 'renamed', three: 'renamed' })
})

test('the only pool renamed, the old name gone before the new one comes, costs nobody the address', async () => {
  await threeServices()
  await deletePool('first')
  await allocated('one', /^True NoPool: /)
  await apply(loadBalancer('meanwhile'))
  await allocated('meanwhile', /^False NoPool: /)
  await apply(pool('renamed', ['172.25.254.50-172.25.254.59']))
  await stayed({ one: 'renamed', two: 'renamed', three: 'renamed' })
  await assigned('meanwhile', '172.25.254.53')
})

test('a pool split in two, the new part made before the old one shrinks, costs nobody the address', async () => {
  await threeServices()
  await apply(pool('upper', ['172.25.254.52-172.25.254.59']))
  await apply(pool('first', ['172.25.254.50-172.25.254.51']))
  await stayed({ one: 'first', two: 'first', three: 'upper' })
})

test('a pool split in two, the old one shrunk before the new part is made, costs nobody the address', async () => {
  await threeServices()
  await apply(pool('other', ['172.25.254.70-172.25.254.79']))
  await apply(pool('first', ['172.25.254.50-172.25.254.51']))
  await apply(pool('upper', ['172.25.254.52-172.25.254.59']))
  await stayed({ one: 'first', two: 'first', three: 'upper' })
})

test('two pools merged into one, which grows before the other goes, cost nobody the address', async () => {
  await threeServices()
  await apply(pool('upper', ['172.25.254.52-172.25.254.59']))
  await apply(pool('first', ['172.25.254.50-172.25.254.51']))
  await stayed({ one: 'first', two: 'first', three: 'upper' })
  await apply(pool('first', ['172.25.254.50-172.25.254.59']))
  await deletePool('upper')
  await stayed({ one: 'first', two: 'first', three: 'first' })
})

test('a pool that is edited into a wrong one keeps what it gave, and goes on when it is mended', async () => {
  await threeServices()
  await apply(pool('first', ['fd00::9-fd00::1']))
  await allocated('one', /^True PoolRefused: .*first/)
  await apply(loadBalancer('waiting'))
  await allocated('waiting', /^False /)
  await apply(pool('first', ['172.25.254.50-172.25.254.59']))
  await assigned('waiting', '172.25.254.53')
  await stayed({ one: 'first', two: 'first', three: 'first' })
})
