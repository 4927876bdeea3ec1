// Two controllers: one is active, and whatever happens to it the other goes on from what is in the cluster.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { after, before } from 'node:test'
import { AssignmentHistory } from './assignment-history.ts'
import { apply, bareService, cleanUp, eventually, get, kubectl, NAMESPACE, pids, pool } from './cluster.ts'

const COUNT = 150
const history = new AssignmentHistory()

before(async () => {
  await kubectl(`rollout status deployment controller -n ${NAMESPACE} --timeout=60s`)
  await history.start()
  await apply(pool('lan', ['10.9.0.0/16']))
  await eventually('an active replica', async () => (await activePod()) !== '')
})

after(async () => {
  await history.stop()
  await cleanUp()
})

interface Lease {
  spec: { holderIdentity?: string }
}

/** The name of the pod that has the lease; empty while nobody has it. */
async function activePod(): Promise<string> {
  const { spec } = await get<Lease>(`lease typemetal-controller -n ${NAMESPACE}`)
  return spec.holderIdentity?.split('_')[0] ?? ''
}

function pidOf(pod: string): number {
  const pid = pids('controller').find((each) =>
    readFileSync(`/proc/${each}/environ`, 'utf8').includes(`METALLB_POD_NAME=${pod}\0`),
  )
  assert.ok(pid, `a process of ${pod}`)
  return pid
}

function names(from: string): string[] {
  return Array.from({ length: COUNT }, (_, index) => `${from}-${index}`)
}

/** Creates Services; resolves when `assigned` of them have an address. */
async function create(all: string[], assigned: number): Promise<void> {
  const creating = apply(...all.map(bareService))
  await history.until(`${assigned} addresses`, () => withAddress(all) >= assigned, 60_000)
  await creating
}

function withAddress(all: string[]): number {
  return all.filter((name) => history.of(name).at(-1)).length
}

/** Every Service has got one address, has kept it, and no two had the same at any time. */
async function allIsWell(all: string[]): Promise<void> {
  await history.until('an address for each', () => withAddress(all) === all.length, 120_000)
  assert.deepEqual(history.doubles, [])
  const moved = all.filter((name) => history.of(name).filter(Boolean).length !== 1)
  assert.deepEqual(moved, [])
}

async function otherActive(than: string): Promise<void> {
  await eventually('another active replica', async () => {
    const pod = await activePod()
    return pod !== '' && pod !== than
  })
}

test('a replica that is frozen in the middle of its work is followed, and harms nothing when it thaws', async () => {
  const all = names('frozen')
  const active = await activePod()
  const pid = pidOf(active)
  const creating = create(all, COUNT)
  await history.until('some addresses', () => withAddress(all) > 20, 60_000)
  process.kill(pid, 'SIGSTOP')
  try {
    await otherActive(active)
    await create(['after-freeze'], 1)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await creating
  await create(['after-thaw'], 1)
  await allIsWell([...all, 'after-freeze', 'after-thaw'])
  assert.notEqual(await activePod(), active)
})

test('a lease that somebody takes away from the active replica goes to another, in the middle of their work', async () => {
  const all = names('robbed')
  const creating = create(all, COUNT)
  await history.until('some addresses', () => withAddress(all) > 20, 60_000)
  await robLease('')
  await creating
  await allIsWell(all)
})

test('a lease that a stranger took is taken back when it has run out', async () => {
  await robLease('stranger')
  await otherActive('stranger')
  const all = names('stranger').slice(0, 5)
  await create(all, all.length)
  await allIsWell(all)
})

test('a replica that is deleted gives the lease up, and the other goes on', async () => {
  const active = await activePod()
  await kubectl(`delete pod ${active} -n ${NAMESPACE} --wait=false`)
  await otherActive(active)
  await create(['after-delete'], 1)
  await allIsWell(['after-delete'])
})

async function robLease(holderIdentity: string): Promise<void> {
  const patch = JSON.stringify({ spec: { holderIdentity } })
  await kubectl(`patch lease typemetal-controller -n ${NAMESPACE} --type=merge -p ${patch}`)
}
