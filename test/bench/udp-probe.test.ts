import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import type { Outage } from '../e2e/outage.ts'

const UNANSWERED = 60

/** What the probe says of a server that leaves the first questions unanswered, and answers `more` after them. */
async function outageBefore(more: number): Promise<Outage> {
  const server = createSocket('udp4')
  let isMeasured = false
  let asked = 0
  server.on('message', (question, { port, address }) => {
    if (!isMeasured || ++asked > UNANSWERED) server.send(question, port, address)
    if (asked === UNANSWERED + more) probe.stdin.end()
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const probe = spawn(process.execPath, ['test/e2e/udp-probe.mjs', '127.0.0.1', String(port)])
  await once(probe.stderr, 'data')
  isMeasured = true
  const outage = JSON.parse(await text(probe.stdout)) as Outage
  server.close()
  return outage
}

for (const [what, more] of [
  ['that lasts to the end', 0],
  ['that begins at once', 20],
] as const) {
  test(`a gap ${what} counts, and what was lost in it`, async () => {
    const { sent, answered, lostAt, gapMs } = await outageBefore(more)
    assert.ok(sent - answered >= UNANSWERED)
    assert.ok(lostAt.length > 0)
    assert.ok(gapMs > UNANSWERED, `${gapMs} ms, although ${UNANSWERED} questions 5 ms apart had no answer`)
  })
}
