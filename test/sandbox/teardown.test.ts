// However a sandbox ends, nothing of it stays, and the one beside it goes on.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { execute, lines, nothingLeft, processesOf, startWaiting } from './sandbox.ts'

type Waiting = Awaited<ReturnType<typeof startWaiting>>

const ENDS = {
  SIGINT: ({ child }) => child.kill('SIGINT'),
  SIGTERM: ({ child }) => child.kill('SIGTERM'),
  SIGKILL: ({ child }) => child.kill('SIGKILL'),
  'its first process killed': ({ dir }) =>
    process.kill(Number(readFileSync(`${dir}/pids/sandbox`, 'utf8')), 'SIGKILL'),
} satisfies Record<string, (sandbox: Waiting) => boolean>

/** What a shell says of a command that a signal ended. */
const CODES: Partial<Record<keyof typeof ENDS, number>> = { SIGINT: 130, SIGTERM: 143 }

for (const [one, other] of [
  ['SIGINT', 'SIGTERM'],
  ['SIGKILL', 'its first process killed'],
] as const) {
  test(`of two sandboxes side by side ${one} ends one without a trace, and ${other} the other`, async () => {
    const [first, second] = await Promise.all([startWaiting('one'), startWaiting('other')])
    assert.ok(lines(first.stdout()).includes('namespace/one'))
    assert.ok(!lines(first.stdout()).includes('namespace/other'))
    for (const { dir } of [first, second]) assert.ok(processesOf(dir).length > 8, 'the cluster runs')
    await ends(first, one)
    assert.ok(processesOf(second.dir).length > 8, 'the other goes on')
    await ends(second, other)
  })
}

async function ends(sandbox: Waiting, how: keyof typeof ENDS): Promise<void> {
  ENDS[how](sandbox)
  await nothingLeft(sandbox.dir)
  const code = await sandbox.code
  if (CODES[how] === undefined) assert.notEqual(code, 0)
  else assert.equal(code, CODES[how])
}

test('the first process killed from inside leaves nothing behind', async () => {
  const { code, stdout } = await execute(
    '--no-product --nodes 1',
    'echo $SANDBOX_DIR; kill -9 $(cat $SANDBOX_DIR/pids/sandbox); sleep 60',
  )
  assert.notEqual(code, 0)
  await nothingLeft(stdout.trim())
})
