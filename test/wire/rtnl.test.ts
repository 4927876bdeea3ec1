// As long as others change the network, nothing waits that a hello or a takeover waits for.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { FitLink, Link } from '../../src/announcer/index.ts'
import { formatAddress } from '../../src/ip/index.ts'
import { BROADCAST_MAC, decodeArp, encodeArp } from '../../src/packet/index.ts'
import { bootTime, LinkWatcher, Responder } from '../../src/wire/index.ts'
import { addressOf } from '../ip/address-of.ts'
import { type Cable, layCable, sh } from './cable.ts'
import { prepareRtnlLock, type Release } from './rtnl.ts'
import { startTap, type Tap } from './tap.ts'
import { until, untilJoined } from './until.ts'

/** Longer than the watcher waits from a change to its reading. */
const READING_BEGUN_MS = 100
const VALID_MS = 60_000
const ASKER = 0x02_00_00_00_00_99

const lock = prepareRtnlLock()
const options = { skip: lock.obstacle ?? false }

let cable: Cable
let spare: Cable
let tap: Tap
let watcher: LinkWatcher
let links: readonly Link[]
let responder: Responder
let release: Release | undefined

before(async () => {
  cable = layCable()
  spare = layCable()
  tap = await startTap(cable.namespace)
})

after(async () => {
  await tap.end()
  cable.remove()
  spare.remove()
  lock.remove()
})

beforeEach(() => {
  responder = new Responder({ onObservations: () => {} })
  responder.resume(bootTime() + VALID_MS)
  watcher = new LinkWatcher({
    onLinks: (now) => (links = now),
    onError: (error) => {
      throw error
    },
  })
  watcher.start()
})

afterEach(async () => {
  await release?.()
  responder.stop()
  watcher.stop()
})

/** From here on nobody can change anything. */
function hold(): void {
  release = lock.hold()
}

/** Lets the others go on; fails when they were not let wait until now: then something waited for them. */
async function assertNothingWaited(): Promise<void> {
  const isHeld = await release?.()
  release = undefined
  assert.ok(isHeld, 'something waited for the lock')
}

function answerFor(link: FitLink, ...texts: string[]): void {
  responder.install({
    held: texts.map((text) => ({ address: addressOf(text), interfaceIndexes: [link.index] })),
    watched: [],
  })
}

const notJoined = (): number => responder.counters().losses.groupsNotJoined

test(
  'interfaces are listened on and left, and addresses taken over and given up, without waiting',
  options,
  async () => {
    const [link, other] = [cable.link(), spare.link()]
    responder.listenOn([other])
    await untilJoined(responder)
    hold()
    responder.listenOn([link])
    answerFor(link, '192.0.2.50', '2001:db8::12:3456')
    responder.listenOn([other])
    responder.listenOn([link])
    answerFor(link)
    answerFor(link, '2001:db8::77:7777')
    assert.ok(notJoined() > 0)
    await assertNothingWaited()
    await untilJoined(responder)
    assert.match(cable.groups(), /33:33:ff:77:77:77/)
  },
)

test('who asks for an address that was taken over meanwhile is answered', options, async () => {
  const link = cable.link()
  responder.listenOn([link])
  hold()
  answerFor(link, '192.0.2.50', '2001:db8::12:3456')
  const request = encodeArp({
    destination: BROADCAST_MAC,
    source: ASKER,
    operation: 'request',
    senderMac: ASKER,
    senderAddress: addressOf('192.0.2.9'),
    targetMac: 0,
    targetAddress: addressOf('192.0.2.50'),
  })
  tap.send(Buffer.from(request).toString('hex'))
  await tap.next((frame) => {
    const reply = decodeArp(Buffer.from(frame, 'hex'))
    return reply?.operation === 'reply' && formatAddress(reply.senderAddress) === '192.0.2.50'
  })
  await assertNothingWaited()
})

test('of what was wanted meanwhile, the last counts', options, async () => {
  const link = cable.link()
  responder.listenOn([link])
  answerFor(link, '2001:db8::11:1111', '2001:db8::22:2222')
  await untilJoined(responder)
  hold()
  answerFor(link, '2001:db8::33:3333')
  answerFor(link, '2001:db8::11:1111', '2001:db8::44:4444')
  answerFor(link, '2001:db8::22:2222', '2001:db8::44:4444', '2001:db8::55:5555')
  await assertNothingWaited()
  await untilJoined(responder)
  const solicited = cable.groups().match(/(?<=33:33:ff:)(11:11:11|22:22:22|33:33:33|44:44:44|55:55:55)/g)
  assert.deepEqual(solicited?.sort(), ['22:22:22', '44:44:44', '55:55:55'])
})

test('a change is read without the event loop waiting, and told when it could be read', options, async () => {
  const { name } = cable
  const isTold = (): boolean =>
    links.some((link) => link.networks.some(({ address }) => formatAddress(address) === '198.51.100.7'))
  sh(`ip addr add 198.51.100.7/28 dev ${name}`)
  hold()
  await delay(READING_BEGUN_MS)
  await assertNothingWaited()
  await until(isTold, () => sh(`ip addr show dev ${name}`))
  sh(`ip addr del 198.51.100.7/28 dev ${name}`)
})
