import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { replaceFiles } from '../../sandbox/kubelet/atomic-folder.ts'
import { boundingSet } from '../../sandbox/kubelet/command-line.ts'
import { type ContainerRun, isShown, podStatus } from '../../sandbox/kubelet/pod-status.ts'
import { RestartBackoff } from '../../sandbox/restart-backoff.ts'

test('a program is started again at once, then after 10 s, doubling to the longest delay', () => {
  const backoff = new RestartBackoff(300_000)
  const waits = Array.from({ length: 8 }, () => backoff.next(1000) / 1000)
  assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300])
})

test('a program that ran for ten minutes starts from nothing again', () => {
  const backoff = new RestartBackoff(300_000)
  backoff.next(0)
  backoff.next(0)
  assert.equal(backoff.next(600_000), 0)
})

test('capabilities are those of a container engine, less what is dropped, plus what is added', () => {
  const set = (drop?: string[], add?: string[]) =>
    boundingSet({
      name: 'c',
      securityContext: { capabilities: { ...(drop && { drop }), ...(add && { add }) } },
    })
  assert.equal(set(['ALL'], ['NET_RAW']), '-all,+net_raw')
  assert.equal(set(['ALL']), '-all')
  assert.ok(set(['NET_RAW']).includes('+chown') && !set(['NET_RAW']).includes('net_raw'))
  assert.equal(boundingSet({ name: 'c', securityContext: { privileged: true } }), '+all')
})

test('a volume is replaced all at once: ..data leads to the new files, old ones are gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'volume-'))
  try {
    const file = (content: string) => ({ content, mode: 0o644 })
    replaceFiles(
      folder,
      new Map([
        ['a', file('1')],
        ['b', file('2')],
      ]),
    )
    replaceFiles(folder, new Map([['a', file('3')]]))
    assert.equal(readFileSync(join(folder, 'a'), 'utf8'), '3')
    assert.deepEqual(
      readdirSync(folder).filter((name) => !name.startsWith('..')),
      ['a'],
    )
    assert.equal(readdirSync(folder).filter((name) => name.startsWith('..')).length, 2)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a pod is Ready when all its containers are and keeps the conditions of others', () => {
  const run: ContainerRun = {
    name: 'c',
    image: 'nginx',
    state: { kind: 'running', startedAt: 't' },
    ready: true,
    started: true,
    restarts: 0,
  }
  const before = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Ready', status: 'False', lastTransitionTime: 't0' },
  ]
  const pod = { spec: { containers: [] }, status: { conditions: before } }
  const { phase, conditions = [] } = podStatus(pod, [run], { podIPs: ['10.0.0.1'], hostIPs: [] }, 't1')
  assert.equal(phase, 'Running')
  assert.deepEqual(
    conditions.find(({ type }) => type === 'Ready'),
    { type: 'Ready', status: 'True', lastTransitionTime: 't1' },
  )
  assert.ok(conditions.some(({ type }) => type === 'PodScheduled'))
})

test('a container that ended for good makes the pod Succeeded or Failed by its code', () => {
  const ended = (exitCode: number): ContainerRun => ({
    name: 'c',
    image: 'job',
    state: { kind: 'terminated', startedAt: 't', finishedAt: 't', exitCode },
    ready: false,
    started: false,
    restarts: 0,
  })
  const pod = { spec: { containers: [], restartPolicy: 'Never' } }
  const phase = (exitCode: number) =>
    podStatus(pod, [ended(exitCode)], { podIPs: [], hostIPs: [] }, 't').phase
  assert.deepEqual([phase(0), phase(1)], ['Succeeded', 'Failed'])
})

test('what somebody else wrote into the conditions is noticed, so that it can be put right', () => {
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'a' }] }
  assert.ok(
    isShown(ready, { ...ready, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'b' }] }),
  )
  assert.ok(!isShown(ready, { ...ready, conditions: [{ type: 'Ready', status: 'False' }] }))
  assert.ok(!isShown(ready, undefined))
})
