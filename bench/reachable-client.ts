// The machine outside of bench/reachable.ts, a process of its own there: asks for an address all the time, by ARP and by
// new connections, and tells on request when it was answered first, or last.
import { createConnection } from 'node:net'
import { formatAddress } from '../src/ip/index.ts'
import { BROADCAST_MAC, encodeArp } from '../src/packet/index.ts'
import { bootTime, Responder } from '../src/wire/index.ts'
import { addressOf } from '../test/ip/address-of.ts'
import { linkNamed } from '../test/wire/cable.ts'

/** What is asked for from now on. */
export interface Question {
  readonly ip: string
  readonly port: number
  readonly asksArp: boolean
}

/** ms since 1970. */
export interface Answers {
  readonly arpAt: number
  readonly podAt: number
}

const ARP_INTERVAL_MS = 2
const CONNECT_INTERVAL_MS = 20
/** Unanswered for so long: it is silent. */
const SILENT_MS = 1500
const OWN_ADDRESS = '172.25.254.200'

const never: Answers = { arpAt: 0, podAt: 0 }
let question: Question | undefined
let first = never
let last = never
let awaited: 'first' | 'last' | undefined

const now = (): number => performance.timeOrigin + performance.now()
const { index, mac } = linkNamed('eth0')
const responder = new Responder({
  onObservations: (seen) => {
    if (seen.some(({ address, kind }) => kind === 'reply' && formatAddress(address) === question?.ip))
      note('arpAt')
  },
})
responder.listenOn([linkNamed('eth0')])
responder.resume(bootTime() + 1e9)

function note(what: keyof Answers): void {
  last = { ...last, [what]: now() }
  if (first[what] === 0) first = { ...first, [what]: now() }
}

function begin(asked: Question): void {
  question = asked
  first = never
  last = never
  const watched = [{ address: addressOf(asked.ip), interfaceIndexes: [index] }]
  responder.install({ held: [], watched: asked.asksArp ? watched : [] })
  process.send?.('asking')
}

function askByArp(): void {
  if (question?.asksArp !== true) return
  const frame = encodeArp({
    destination: BROADCAST_MAC,
    source: mac,
    operation: 'request',
    senderMac: mac,
    senderAddress: addressOf(OWN_ADDRESS),
    targetMac: 0,
    targetAddress: addressOf(question.ip),
  })
  responder.send(index, frame)
}

/** Each time from another port, so that no connection tracking remembers what became of the one before. */
function connect(): void {
  if (question === undefined) return
  const asked = question
  const socket = createConnection({ host: asked.ip, port: asked.port, timeout: 1000 })
  socket
    .on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    .on('data', () => {
      if (asked === question) note('podAt')
      socket.destroy()
    })
    .on('timeout', () => socket.destroy())
    .on('error', () => undefined)
}

/** Tells what is awaited as soon as it is so. */
function tell(): void {
  const isAnswered = first.podAt > 0 && (first.arpAt > 0 || question?.asksArp === false)
  const isSilent = now() - Math.max(last.arpAt, last.podAt) > SILENT_MS
  if (awaited === 'first' && isAnswered) process.send?.(first)
  else if (awaited === 'last' && isSilent) process.send?.(last)
  else return
  awaited = undefined
}

setInterval(askByArp, ARP_INTERVAL_MS)
setInterval(connect, CONNECT_INTERVAL_MS)
setInterval(tell, ARP_INTERVAL_MS)
process.on('message', (message: Question | 'first' | 'last') => {
  if (typeof message === 'object') begin(message)
  else awaited = message
})
process.on('disconnect', () => process.exit())
process.send?.('here')
