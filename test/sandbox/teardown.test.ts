// However a sandbox ends, nothing of it stays.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { execute, nothingLeft, processesOf, startWaiting } from './sandbox.ts'

test('exec hands over the exit code of the command and only its output', async () => {
  const { code, stdout, stderr } = await execute(
    '--no-product',
    'echo to stdout; echo to stderr >&2; exit 42',
  )
  assert.equal(code, 42)
  assert.equal(stdout, 'to stdout\n')
  assert.match(stderr, /to stderr/)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} to the sandbox leaves nothing behind`, async () => {
    const { child, dir, code } = await startWaiting()
    assert.ok(processesOf(dir).length > 8, 'the cluster runs')
    child.kill(signal)
    await nothingLeft(dir)
    if (signal !== 'SIGKILL') assert.equal(await code, signal === 'SIGINT' ? 130 : 143)
  })
}

test('the first process killed from outside leaves nothing behind', async () => {
  const { dir, code } = await startWaiting()
  process.kill(Number(readFileSync(`${dir}/pids/sandbox`, 'utf8')), 'SIGKILL')
  assert.notEqual(await code, 0)
  await nothingLeft(dir)
})

test('the first process killed from inside leaves nothing behind', async () => {
  const { code, stdout } = await execute(
    '--no-product',
    'echo $SANDBOX_DIR; kill -9 $(cat $SANDBOX_DIR/pids/sandbox); sleep 60',
  )
  assert.notEqual(code, 0)
  await nothingLeft(stdout.trim())
})

test('two sandboxes run side by side, each with its own cluster', async () => {
  const name = (name: string) => `kubectl create namespace ${name}; sleep 3; kubectl get namespaces -o name`
  const [one, other] = await Promise.all([
    execute('--no-product --nodes 1', name('one')),
    execute('--no-product --nodes 1', name('other')),
  ])
  assert.deepEqual([one.code, other.code], [0, 0])
  assert.ok(one.stdout.includes('namespace/one') && !one.stdout.includes('namespace/other'))
})
