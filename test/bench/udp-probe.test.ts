import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import type { Outage } from '../e2e/outage.ts'

const UNANSWERED = 60

test('a gap that lasts to the end counts as one that is over', async () => {
  const server = createSocket('udp4')
  let isSilent = false
  let unanswered = 0
  server.on('message', (asked, { port, address }) => {
    if (!isSilent) server.send(asked, port, address)
    else if (++unanswered === UNANSWERED) probe.stdin.end()
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const probe = spawn(process.execPath, ['test/e2e/udp-probe.mjs', '127.0.0.1', String(port)])
  await once(probe.stderr, 'data')
  isSilent = true
  const { sent, answered, lostAt, gapMs } = JSON.parse(await text(probe.stdout)) as Outage
  server.close()
  assert.ok(sent - answered >= UNANSWERED)
  assert.ok(lostAt.length > 0)
  assert.ok(gapMs > UNANSWERED, `${gapMs} ms, although ${UNANSWERED} questions 5 ms apart had no answer`)
})
