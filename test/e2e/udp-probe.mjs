// A client that asks all the time: a datagram every 5 ms, each with its number, to an address outside of which it knows
// nothing, until its standard input ends. Who answers repeats the number at the end of the answer. Says `ready` on its
// error output with the first answer, and prints at last what it saw, as JSON; see `Outage` in outage.ts.
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
/** Of so many lost ones it is told when they were sent. */
const MOST_LOST = 20
const [address = '', port = ''] = process.argv.slice(2)

const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
/** When each was sent that has no answer yet. @type {Map<number, number>} */
const unanswered = new Map()
let sent = 0
let refused = 0
let answeredAt = 0
let sentAt = 0
/** @type {{ ms: number, at: number }} */
let gap = { ms: 0, at: 0 }
let stall = 0

/** ms since 1970, by the steady clock. */
const now = () => performance.timeOrigin + performance.now()

function ask() {
  const at = now()
  if (sentAt > 0) stall = Math.max(stall, at - sentAt)
  sentAt = at
  unanswered.set(++sent, at)
  socket.send(`#${sent}`, (error) => {
    if (error) refused++
  })
}

/** @param {Buffer} answer */
function onAnswer(answer) {
  const text = answer.toString('latin1')
  if (!unanswered.delete(Number(text.slice(text.lastIndexOf('#') + 1)))) return
  const at = now()
  if (at - answeredAt > gap.ms) gap = { ms: at - answeredAt, at: answeredAt }
  answeredAt = at
}

/** From the first answer on, and after those to come to the first questions. */
async function measure() {
  await sleep(SETTLE_MS)
  socket.removeAllListeners('message').on('message', onAnswer)
  process.stderr.write('ready\n')
  answeredAt = now() // and not only at the first answer: there may be none for a while from now on
  const timer = setInterval(ask, INTERVAL_MS)
  await once(process.stdin.resume(), 'end')
  clearInterval(timer)
  const endedAt = now()
  await sleep(SETTLE_MS)
  if (endedAt - answeredAt > gap.ms) gap = { ms: endedAt - answeredAt, at: answeredAt } // one that lasts to the end
  const answered = sent - unanswered.size
  const lostAt = [...unanswered.values()].slice(0, MOST_LOST)
  const outage = { sent, answered, refused, lostAt, gapMs: gap.ms, gapAt: gap.at, stallMs: stall }
  process.stdout.write(JSON.stringify(outage))
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
