// A client that asks all the time: a datagram every 5 ms to an address outside of which it knows nothing, until its
// standard input ends. Says `ready` on its error output with the first answer, and prints at last what it saw, as JSON;
// see `Outage` in outage.ts.
//   node udp-probe.mjs ADDRESS PORT
// @ts-check
import { createSocket } from 'node:dgram'

const INTERVAL_MS = 5
/** Answers that are on their way when it is to end still count. */
const SETTLE_MS = 500
/** The server answers with a line of its own, so that answers are matched to questions by their order alone. */
const [address = '', port = ''] = process.argv.slice(2)

const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
/** Of those since the first answer. */
let sent = 0
let answered = 0
let answeredAt = 0
let sentAt = 0
/** @type {{ ms: number, at: number }} */
let gap = { ms: 0, at: 0 }
let stall = 0

socket.on('error', () => undefined) // refused for a moment: no answer
socket.on('message', () => {
  const now = performance.timeOrigin + performance.now()
  if (answeredAt === 0) process.stderr.write('ready\n')
  if (answeredAt > 0 && now - answeredAt > gap.ms) gap = { ms: now - answeredAt, at: answeredAt }
  if (answeredAt === 0) sent = 1
  answeredAt = now
  answered++
})
socket.connect(Number(port), address, () => {
  const timer = setInterval(() => {
    const now = performance.now()
    if (sentAt > 0) stall = Math.max(stall, now - sentAt)
    sentAt = now
    if (answered > 0) sent++
    socket.send('?', () => undefined)
  }, INTERVAL_MS)
  process.stdin.resume().on('end', () => {
    clearInterval(timer)
    setTimeout(() => {
      process.stdout.write(JSON.stringify({ sent, answered, gapMs: gap.ms, gapAt: gap.at, stallMs: stall }))
      process.exit(0)
    }, SETTLE_MS)
  })
})
