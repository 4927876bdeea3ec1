// A client that asks all the time: a datagram every 5 ms to an address outside of which it knows nothing, until its
// standard input ends. Says `ready` on its error output with the first answer, and prints at last what it saw, as JSON;
// see `Outage` in outage.ts.
//   node udp-probe.mjs ADDRESS PORT
// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const INTERVAL_MS = 5
/** Until the address is answered at all. */
const FIRST_INTERVAL_MS = 100
/** Answers that are on their way when it is to end still count. */
const SETTLE_MS = 500
const [address = '', port = ''] = process.argv.slice(2)

const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
let sent = 0
let answered = 0
let answeredAt = 0
let sentAt = 0
/** @type {{ ms: number, at: number }} */
let gap = { ms: 0, at: 0 }
let stall = 0

function ask() {
  const now = performance.now()
  if (sentAt > 0) stall = Math.max(stall, now - sentAt)
  sentAt = now
  sent++
  socket.send('?', () => undefined)
}

function onAnswer() {
  const now = performance.timeOrigin + performance.now()
  if (answeredAt > 0 && now - answeredAt > gap.ms) gap = { ms: now - answeredAt, at: answeredAt }
  answeredAt = now
  answered++
}

/** From the first answer on, and after those to come to the first questions. */
async function measure() {
  await sleep(SETTLE_MS)
  socket.removeAllListeners('message').on('message', onAnswer)
  process.stderr.write('ready\n')
  const startedAt = performance.timeOrigin + performance.now()
  const timer = setInterval(ask, INTERVAL_MS)
  await once(process.stdin.resume(), 'end')
  clearInterval(timer)
  const endedAt = performance.timeOrigin + performance.now()
  await sleep(SETTLE_MS)
  // One that lasts to the end.
  const at = Math.max(startedAt, answeredAt)
  if (endedAt - at > gap.ms) gap = { ms: endedAt - at, at }
  process.stdout.write(JSON.stringify({ sent, answered, gapMs: gap.ms, gapAt: gap.at, stallMs: stall }))
  process.exit(0)
}

socket.on('error', () => undefined) // refused for a moment: no answer
socket.connect(Number(port), address, () => {
  const first = setInterval(() => socket.send('?', () => undefined), FIRST_INTERVAL_MS)
  socket.once('message', () => {
    clearInterval(first)
    void measure()
  })
})
