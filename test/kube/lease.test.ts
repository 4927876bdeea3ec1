import assert from 'node:assert/strict'
import test from 'node:test'
import { ApiError } from '../../src/kube/errors.ts'
import { TermOver } from '../../src/kube/errors.ts'
import { Term } from '../../src/kube/term.ts'
import { fc } from '../fast-check.ts'
import { LeaseCluster, TIMING } from './lease-cluster.ts'

test('the first who asks is active, the others stand by', async () => {
  const cluster = new LeaseCluster()
  cluster.add('a')
  cluster.add('b')
  await cluster.run(60_000)
  assert.deepEqual(cluster.active, ['a'])
  assert.equal(cluster.replicas[0]?.terms.length, 1)
})

test('who stops gives the lease up, and another has it within a few seconds', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  cluster.add('b')
  await cluster.run(10_000)
  void a.candidate.stop()
  await cluster.run(5000)
  assert.deepEqual(cluster.active, ['b'])
  assert.equal(cluster.lease?.spec?.leaseTransitions, 1)
})

test('a holder that is frozen is followed after the duration, and sends nothing after its thaw', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  cluster.add('b')
  await cluster.run(10_000)
  a.frozen = true
  await cluster.run(12_000)
  assert.deepEqual(cluster.active, [])
  await cluster.run(8000)
  assert.deepEqual(cluster.active, ['b'])
  a.frozen = false
  assert.throws(() => a.terms[0]?.bounds(), TermOver)
  await cluster.run(60_000)
  assert.deepEqual(cluster.active, ['b'])
})

test('while the API server is away the holder gives up at the renew deadline, and is active again later', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  await cluster.run(5000)
  cluster.fate = () => ({ there: 1e9, back: 0 })
  await cluster.run(TIMING.renewDeadlineMs)
  assert.deepEqual(cluster.active, [])
  assert.equal(a.candidate.refusal, undefined)
  cluster.fate = () => ({ there: 1, back: 1 })
  await cluster.run(15_000)
  assert.deepEqual([cluster.active, a.terms.length], [['a'], 2])
})

test('a few lost answers cost nothing', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  await cluster.run(5000)
  let requests = 0
  cluster.fate = () => ({ there: 1, back: 1, lost: requests++ % 3 === 0 })
  await cluster.run(120_000)
  assert.deepEqual([cluster.active, a.terms.length], [['a'], 1])
})

test('an answer that takes three seconds, each time, costs nothing', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  cluster.fate = () => ({ there: 1500, back: 1500 })
  await cluster.run(120_000)
  assert.deepEqual([cluster.active, a.terms.length], [['a'], 1])
})

test('a lease that somebody gives to another ends the term at the next renewal', async () => {
  const cluster = new LeaseCluster()
  cluster.add('a')
  await cluster.run(5000)
  cluster.edit({ holderIdentity: 'somebody' })
  await cluster.run(TIMING.retryPeriodMs + 200)
  assert.deepEqual(cluster.active, [])
})

test('a lease that somebody empties ends the term too: another may have had it since', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  await cluster.run(5000)
  cluster.edit({ holderIdentity: '' })
  await cluster.run(10_000)
  assert.deepEqual([cluster.active, a.terms.length], [['a'], 2])
})

test('a lease that was taken away and given back begins another term', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  await cluster.run(5000)
  cluster.edit({ leaseTransitions: 7 })
  await cluster.run(10_000)
  assert.deepEqual([cluster.active, a.terms.length], [['a'], 2])
})

test('a lease that somebody deletes is made anew', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('a')
  await cluster.run(5000)
  cluster.lease = null
  await cluster.run(10_000)
  assert.deepEqual([cluster.active, a.terms.length], [['a'], 2])
})

test('the times in the object count for nothing: a clock that is wrong by years ends no term', async () => {
  const cluster = new LeaseCluster()
  cluster.add('a')
  await cluster.run(5000)
  cluster.add('b')
  for (const renewTime of ['1970-01-01T00:00:00.000000Z', '2999-01-01T00:00:00.000000Z']) {
    cluster.edit({ renewTime })
    await cluster.run(10_000)
    assert.deepEqual(cluster.active, ['a'])
  }
})

test('who finds the lease of an earlier process of its own pod does not wait for its end', async () => {
  const cluster = new LeaseCluster()
  const a = cluster.add('controller-1_a', 'controller-1_')
  await cluster.run(5000)
  a.frozen = true
  cluster.add('controller-12_b', 'controller-12_')
  cluster.add('controller-1_c', 'controller-1_')
  await cluster.run(1000)
  assert.equal(cluster.lease?.spec?.holderIdentity, 'controller-1_c')
})

test('without permission it says what to grant, and goes on when it is granted', async () => {
  const cluster = new LeaseCluster()
  cluster.refusal = new ApiError(403, 'Forbidden', 'leases is forbidden')
  const a = cluster.add('a')
  await cluster.run(10_000)
  assert.match(a.candidate.refusal ?? '', /leases is forbidden: grant get, create and update of leases/)
  cluster.refusal = undefined
  await cluster.run(10_000)
  assert.deepEqual([cluster.active, a.candidate.refusal], [['a'], undefined])
})

test('a term without end binds its requests to nothing but a deadline', () => {
  const term = new Term(() => 0, Infinity)
  assert.equal(term.bounds().deadlineMs, 15_000)
  term.end()
  assert.throws(() => term.bounds().beforeSend(), TermOver)
})

test('whatever is frozen, slow or lost, two are never active at once, and in good weather one is', async () => {
  const fault = fc.record({
    replica: fc.nat(2),
    frozen: fc.boolean(),
    there: fc.constantFrom(1, 1, 500, 4000, 20_000),
    back: fc.constantFrom(1, 1, 500, 4000),
    lost: fc.boolean(),
    lasts: fc.integer({ min: 1, max: 25_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 12 }), async (faults) => {
      const cluster = new LeaseCluster()
      for (const identity of ['a', 'b', 'c']) cluster.add(identity)
      const atMostOne = (): void =>
        assert.ok(cluster.active.length <= 1, `${cluster.active} at ${cluster.now}`)
      for (const { replica, frozen, there, back, lost, lasts } of faults) {
        const victim = cluster.replicas[replica]
        assert.ok(victim)
        victim.frozen = frozen
        cluster.fate = (asker) => (asker === victim ? { there, back, lost } : { there: 1, back: 1 })
        await cluster.run(lasts, atMostOne)
      }
      cluster.fate = () => ({ there: 1, back: 1 })
      for (const each of cluster.replicas) each.frozen = false
      await cluster.run(45_000, atMostOne)
      assert.equal(cluster.active.length, 1)
    }),
    { numRuns: 100, includeErrorInReport: true },
  )
})
